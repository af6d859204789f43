// What a person reads: a line per case on the terminal, rows for the README.
import { type Case, caseName, samplesName, subjectName } from './cases.js';
import type { Entry, Outcome } from './measure.js';
import type { Peaks } from './yardstick.js';

const units: readonly [number, string][] = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
];

export function duration(seconds: number): string {
  const [unit, name] = units.find(([u]) => seconds >= u) ?? units.at(-1)!;
  return `${Number((seconds / unit).toPrecision(3))} ${name}`;
}

export function rate(perSecond: number): string {
  if (perSecond >= 1e6) return `${Number((perSecond / 1e6).toPrecision(3))} M/s`;
  if (perSecond >= 1e3) return `${Number((perSecond / 1e3).toPrecision(3))} k/s`;
  return `${Number(perSecond.toPrecision(3))} /s`;
}

export const times = (ratio: number): string => `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)}×`;
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Half the distance of the quartiles as a share of the median. */
const spread = ({ seconds: { median, low, high } }: Entry): string => percent((high - low) / 2 / median);

const columns: readonly [string, number][] = [
  ['case', 50],
  ['by', 12],
  ['a call', 9],
  ['±', 5],
  ['samples', 10],
  ['GFLOP/s', 8],
  // Products with the weights alone; with the JᵀdJ of Hessians.
  ['of peak', 8],
  ['+ JᵀdJ', 7],
  ['nabla is', 9],
];

const line = (cells: readonly string[]): string =>
  columns
    .map(([, width], i) => (i < 2 ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width)))
    .join(' ')
    .concat(cells[columns.length] ? `  ${cells[columns.length]}` : '')
    .trimEnd();

export const tableHead = (): string => `${line(columns.map(([name]) => name))}\n${'─'.repeat(126)}`;

/** A line for each contestant of a case; the recipe at its end where there is a choice. */
export function tableRows({ case: c, entries, flops, share, candidates }: Outcome): string {
  const rows = entries.map((entry, i) =>
    line([
      i === 0 ? caseName(c) : '',
      entry.name,
      duration(entry.seconds.median),
      spread(entry),
      rate(entry.samplesPerSecond),
      i === 0 ? (flops.matmul / entry.seconds.median / 1e9).toFixed(1) : '',
      i === 0 ? percent(share.matmul.median) : '',
      i === 0 && flops.contraction > 0 ? percent(share.all.median) : '',
      entry.ratio ? times(entry.ratio.median) : '',
      i === 0 ? '' : entry.recipe,
    ]),
  );
  for (const [name, tried] of Object.entries(candidates)) {
    if (entries.some((entry) => entry.name === name)) continue;
    rows.push(
      line([
        '',
        name,
        '–',
        '',
        '',
        '',
        '',
        '',
        '',
        tried
          .filter(({ error }) => error)
          .map((t) => `${t.recipe}: ${t.error}`)
          .join('; ') || 'no recipe',
      ]),
    );
  }
  return rows.join('\n');
}

const giga = (perSecond: number): string => (perSecond / 1e9).toFixed(0);

export const peaksLine = (peaks: Peaks): string =>
  `FMA peak of one thread in GFLOP/s, float32 and float64: ${Object.entries(peaks)
    .map(([isa, { float32, float64 }]) => `${isa} ${giga(float32)} and ${giga(float64)}`)
    .join(', ')}`;

/** The best bursts of the whole run: what the machine does when nobody else uses it. */
export function quietPeaks(outcomes: readonly Outcome[]): string {
  const best = new Map<string, number>();
  for (const { case: c, peak } of outcomes) {
    const key = `${c.dtype} ${c.threads === 1 ? '1 thread' : `${c.threads} threads`}`;
    best.set(key, Math.max(best.get(key) ?? 0, peak.quiet));
  }
  const peaks = [...best].map(([key, flops]) => `${key} ${giga(flops)}`);
  return `quiet peak in GFLOP/s: ${peaks.join(', ')}; \`of peak\` is of the peak around the calls`;
}

/** A Markdown table: a row per case, a column per contestant, best recipes. */
export function markdown(outcomes: readonly Outcome[]): string {
  const names = [...new Set(outcomes.flatMap(({ entries }) => entries.map((e) => e.name)))];
  const cell = (entry: Entry | undefined, c: Case): string => {
    if (!entry) return '–';
    const speed = c.quantity === 'step' ? duration(entry.seconds.median) : rate(entry.samplesPerSecond);
    return entry.ratio ? `${speed} (${times(entry.ratio.median)})` : `**${speed}**`;
  };
  const compared = outcomes.filter(({ case: c }) => !c.alone);
  const rows = compared.map(({ case: c, entries }) => {
    const what = `${subjectName(c)}, N = ${samplesName(c.N)}`;
    return `| ${[
      what,
      ...names.map((name) =>
        cell(
          entries.find((e) => e.name === name && e.best),
          c,
        ),
      ),
    ].join(' | ')} |`;
  });
  return [`| | ${names.join(' | ')} |`, `|---|${names.map(() => '---:|').join('')}`, ...rows].join('\n');
}
