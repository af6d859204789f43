// Goals beside what a run measured.
import { type Case, caseName, samplesName, subjectName } from './cases.js';
import type { Goal } from './goals.js';
import type { Outcome } from './measure.js';
import type { ProbeResult } from './probes/probe.js';

export interface Verdict {
  readonly what: string;
  readonly bound: Goal['bound'];
  readonly goal: number;
  /** Both missing if the run did not measure it, or not all it is compared with. */
  readonly measured?: number;
  readonly reached?: boolean;
  readonly unit: Goal['unit'];
}

function figureOf({ figure }: Goal, outcomes: readonly Outcome[], probes: readonly ProbeResult[]): number | undefined {
  if (figure.kind === 'probe') return probes.find(({ name, by }) => name === figure.probe && by === 'nabla')?.value;
  const outcome = outcomes.find(({ case: c }) => caseName(c) === caseName(figure.of));
  if (!outcome) return undefined;
  switch (figure.kind) {
    case 'share':
      return outcome.share[figure.operations].median;
    case 'call':
      return outcome.entries[0]!.seconds.median;
    case 'ratio': {
      const ratios = figure.peers.map(
        (peer) =>
          outcome.entries.find(
            (entry) =>
              entry.name === peer && (figure.recipe === 'plain' ? entry.recipe === 'plain' : entry[figure.recipe]),
          )?.ratio?.median,
      );
      // Faster than the fastest of some can be said only if all of them were there.
      return ratios.every((ratio) => ratio !== undefined) ? Math.min(...ratios) : undefined;
    }
    default:
      return figure satisfies never;
  }
}

/** What a goal is about, as its cases have it in common. */
function subject({ what, figure }: Goal): string {
  const cases: readonly Case[] = figure.kind === 'probe' ? figure.from : [figure.of];
  const last = cases.at(-1);
  if (!last) return what;
  const sizes = [...new Set(cases.map(({ N }) => samplesName(N)))].join(', ');
  return `${subjectName(last)}, N = ${sizes}: ${what}`;
}

export function verdicts(
  goals: readonly Goal[],
  outcomes: readonly Outcome[],
  probes: readonly ProbeResult[],
): Verdict[] {
  return goals.map((goal) => {
    const { bound, value, unit } = goal;
    const measured = figureOf(goal, outcomes, probes);
    const about = { what: subject(goal), bound, goal: value, unit };
    if (measured === undefined) return about;
    return { ...about, measured, reached: bound === 'at least' ? measured >= value : measured <= value };
  });
}

const scales: Readonly<Record<Goal['unit'], number>> = { '%': 100, '×': 1, µs: 1e6, ms: 1, MiB: 1 };

const amount = (value: number, unit: Goal['unit']): string =>
  `${Number((value * scales[unit]).toPrecision(3))} ${unit}`;

const cells = ({ what, bound, goal, measured = Number.NaN, reached, unit }: Verdict): string[] => [
  what,
  amount(measured, unit),
  `${bound === 'at least' ? '≥' : '≤'} ${amount(goal, unit)}`,
  reached ? 'yes' : 'no',
];

const headings = ['goal', 'measured', 'goal is', 'reached'];

const summary = (all: readonly Verdict[]): string => {
  const count = (wanted: boolean | undefined) => all.filter(({ reached }) => reached === wanted).length;
  return `${count(true)} of ${all.length} goals reached, ${count(false)} not, ${count(undefined)} not measured`;
};

const measuredOnes = (all: readonly Verdict[]): Verdict[] => all.filter(({ reached }) => reached !== undefined);

/** Those that were measured, and how many were not. */
export function verdictTable(all: readonly Verdict[]): string {
  const rows = measuredOnes(all).map(cells);
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 || i === 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(headings), '─'.repeat(line(headings).length), ...rows.map(line), summary(all)].join('\n');
}

export function verdictMarkdown(all: readonly Verdict[]): string {
  const rows = measuredOnes(all).map((verdict) => `| ${cells(verdict).join(' | ')} |`);
  return [`| ${headings.join(' | ')} |`, '|---|---:|---:|---|', ...rows, '', `${summary(all)}.`].join('\n');
}
