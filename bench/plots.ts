// SVG plots of a run; scales and curves are d3's, no DOM is needed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { type Case, networkName } from './cases.js';
import type { Outcome } from './measure.js';
import { drawRatios } from './ratio-plot.js';
import type { Results } from './results.js';
import { escape, label, oneTwoFive, palette, svgDocument } from './svg.js';

type Point = readonly [x: number, y: number];

interface Plot {
  readonly title: string;
  readonly labels: readonly [x: string, y: string];
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
  /** Shares are drawn from 0 to 1, everything else on a logarithmic axis. */
  readonly scale: 'log' | 'share';
}

const [width, height] = [700, 380];
const margin = { left: 64, right: 262, top: 36, bottom: 48 };
const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];

function short(v: number): string {
  const [unit, name] = (
    [
      [1e6, 'M'],
      [1e3, 'k'],
      [1, ''],
    ] as const
  ).find(([u]) => v >= u) ?? [1, ''];
  return `${Number((v / unit).toPrecision(3))}${name}`;
}

function draw({ title, labels, series, scale }: Plot): string {
  const all = series.flatMap(({ points }) => points);
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  const x = scaleLog([Math.min(...xs), Math.max(...xs)], [left, right]);
  const y =
    scale === 'share'
      ? scaleLinear([0, 1], [bottom, top])
      : scaleLog([Math.min(...ys) / 1.2, Math.max(...ys) * 1.2], [bottom, top]);
  const path = line<Point>(
    ([a]) => x(a),
    ([, b]) => y(b),
  ).digits(1);
  const curves = series.map(({ name, points }, i) => {
    const colour = palette[i % palette.length]!;
    const dots = points.map(
      ([a, b]) => `<circle cx="${x(a).toFixed(1)}" cy="${y(b).toFixed(1)}" r="2.6" fill="${colour}"/>`,
    );
    return (
      `<path d="${path(points)}" fill="none" stroke="${colour}" stroke-width="1.6"${i >= palette.length ? ' stroke-dasharray="4 3"' : ''}/>` +
      dots.join('') +
      label(right + 12, top + 8 + 16 * i, name, 'start', `fill="${colour}"`)
    );
  });
  const xTicks = [...new Set(xs)].sort((a, b) => a - b).map((v) => [x(v), v.toLocaleString('en')] as const);
  const yTicks = y.ticks(5).map((v) => [y(v), scale === 'share' ? `${100 * v} %` : short(v)] as const);
  const kept = scale === 'share' ? yTicks : yTicks.filter(([, text]) => oneTwoFive(text));
  return svgDocument(width, height, [
    label((left + right) / 2, 20, title, 'middle', 'font-weight="bold" font-size="12"'),
    ...kept.map(([at]) => `<path d="M${left},${at.toFixed(1)}H${right}" stroke="#e4e4e4"/>`),
    `<path d="M${left},${top}V${bottom}H${right}" fill="none" stroke="#444"/>`,
    ...xTicks.map(
      ([at, text]) =>
        `<path d="M${at.toFixed(1)},${bottom}v4" stroke="#444"/>${label(at, bottom + 16, text, 'middle')}`,
    ),
    ...kept.map(([at, text]) => label(left - 7, at + 4, text, 'end')),
    label((left + right) / 2, height - 10, labels[0], 'middle'),
    `<text transform="translate(15,${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(labels[1])}</text>`,
    ...curves,
  ]);
}

/** Series of the outcomes of equal name, in order of x; one of a single x is no curve. */
function seriesOf(items: readonly { name: string; point: Point }[]): Plot['series'] {
  const groups = new Map<string, Point[]>();
  for (const { name, point } of items) groups.set(name, [...(groups.get(name) ?? []), point]);
  return [...groups]
    .map(([name, points]) => ({ name, points: points.sort((a, b) => a[0] - b[0]) }))
    .filter(({ points }) => new Set(points.map(([x]) => x)).size > 1);
}

const threadsOf = ({ threads }: Case): string => (threads === 1 ? '1 thread' : `${threads} threads`);
const uniform = ({ features }: Case): boolean => features.slice(0, -1).every((n) => n === features[0]);

function plotsOf({ outcomes, machine }: Results): Record<string, Plot> {
  const hessians = outcomes.filter(({ case: c }) => c.quantity === 'hessian');
  const throughput = (of: readonly Outcome[]) =>
    seriesOf(
      of.flatMap(({ case: c, entries }) =>
        entries
          .filter((e) => e.best)
          .map((e) => ({
            name: `${e.name} ${networkName(c)} ${c.dtype}, ${threadsOf(c)}`,
            point: [c.N, e.samplesPerSecond] as const,
          })),
      ),
    );
  const share = seriesOf(
    hessians
      .filter(({ case: c }) => c.N >= 1024 && c.d === 3 && uniform(c) && c.threads === 1)
      .filter(({ case: c }, _, all) => {
        // One batch per width: the longest.
        const same = all.filter((o) => networkName(o.case) === networkName(c) && o.case.dtype === c.dtype);
        return c.N === Math.max(...same.map((o) => o.case.N));
      })
      .map(({ case: c, share: s }) => ({ name: c.dtype, point: [c.features[0]!, s.matmul.median] as const })),
  );
  return {
    throughput: {
      title: 'Hessians per second',
      labels: ['N, samples in a call', 'per second'],
      series: throughput(hessians),
      scale: 'log',
    },
    share: {
      title: `Hessians: d + 2 passes as share of the FMA peak, ${machine.cpu}`,
      labels: ['width of the layers', 'share of peak'],
      series: share,
      scale: 'share',
    },
  };
}

/** Writes `<folder>/<name>-<plot>.svg` for every plot that has a curve; returns the paths. */
export function writePlots(folder: string, name: string, results: Results): string[] {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const write = (kind: string, svg: string) => {
    const file = join(folder, `${name}-${kind}.svg`);
    writeFileSync(file, svg);
    written.push(file);
  };
  for (const [kind, plot] of Object.entries(plotsOf(results))) if (plot.series.length > 0) write(kind, draw(plot));
  const ratios = drawRatios(results.outcomes, 'How many times faster nabla is; hollow: than what users write first');
  if (ratios) write('ratio', ratios);
  return written;
}
