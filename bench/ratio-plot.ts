// How many times faster nabla is than each peer: a row per case, a dot per peer, hollow for what users write first.
import { scaleLog } from 'd3-scale';
import { samplesName, subjectName } from './cases.js';
import type { Outcome } from './measure.js';
import { label, oneTwoFive, palette, svgDocument } from './svg.js';

const width = 860;
const [left, right, top, rowHeight] = [400, 830, 62, 17];

/** Undefined if nobody was compared. */
export function drawRatios(outcomes: readonly Outcome[], title: string): string | undefined {
  const rows = outcomes.filter(({ entries }) => entries.some(({ ratio }) => ratio !== undefined));
  if (rows.length === 0) return undefined;
  const compared = rows.flatMap(({ entries }) => entries.filter(({ ratio }) => ratio !== undefined));
  const peers = [...new Set(compared.map(({ name }) => name))];
  const medians = compared.map(({ ratio }) => ratio!.median);
  const x = scaleLog([Math.min(0.8, ...medians), Math.max(10, ...medians) * 1.15], [left, right]);
  const bottom = top + rowHeight * rows.length;
  const colour = (name: string): string => palette[peers.indexOf(name) % palette.length]!;
  const ticks = x.ticks(8).map((v) => [x(v), String(v)] as const);
  const grid = ticks
    .filter(([, text]) => oneTwoFive(text))
    .flatMap(([at, text]) => [
      `<path d="M${at.toFixed(1)},${top}V${bottom}" stroke="${text === '1' ? '#444' : '#e4e4e4'}"/>`,
      label(at, bottom + 14, `${text}×`, 'middle'),
    ]);
  const dots = rows.flatMap(({ case: c, entries }, i) => {
    const y = top + rowHeight * (i + 0.5);
    return [
      label(left - 10, y + 4, `${subjectName(c)}, N = ${samplesName(c.N)}`, 'end', 'font-size="10"'),
      ...entries.flatMap(({ name, best, ratio }) =>
        ratio
          ? `<circle cx="${x(ratio.median).toFixed(1)}" cy="${y.toFixed(1)}" r="3.6" stroke="${colour(name)}" stroke-width="1.4" fill="${best ? colour(name) : 'none'}"/>`
          : [],
      ),
    ];
  });
  const legend = peers.map((name, i) => label(left + 90 * i, 42, `● ${name}`, 'start', `fill="${colour(name)}"`));
  return svgDocument(width, bottom + 26, [
    label(width / 2, 20, title, 'middle', 'font-weight="bold" font-size="12"'),
    ...legend,
    ...grid,
    ...dots,
  ]);
}
