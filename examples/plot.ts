// Figures as SVG text: fields as filled contours, curves over a logarithmic axis. Shapes and scales are d3's; no DOM is needed.

import { contours } from 'd3-contour';
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale';
import { interpolateRdBu, interpolateViridis } from 'd3-scale-chromatic';
import { line } from 'd3-shape';

/** A function of two variables on a grid. */
export interface Field {
  readonly kind: 'field';
  readonly title: string;
  readonly labels: readonly [x: string, y: string];
  readonly x: readonly [min: number, max: number];
  readonly y: readonly [min: number, max: number];
  /** Values, x outermost: values[i·ny + j]. */
  readonly values: ArrayLike<number>;
  readonly counts: readonly [nx: number, ny: number];
  /** Colours with a middle at zero, or from dark to light. */
  readonly colours: 'diverging' | 'sequential';
}

/** Curves over one pair of axes. */
export interface Curves {
  readonly kind: 'curves';
  readonly title: string;
  readonly labels: readonly [x: string, y: string];
  readonly log: boolean;
  readonly curves: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

type Panel = Field | Curves;
type Scale = ScaleContinuousNumeric<number, number>;

const [width, height] = [380, 260];
const margin = { left: 58, right: 64, top: 34, bottom: 44 };
const levels = 24;
const palette = ['#1f6f8b', '#c8553d', '#4c956c', '#7b5ea7'];

/** Panels side by side, as the text of an SVG file. */
export function figure(panels: readonly Panel[]): string {
  const body = panels
    .map(
      (panel, i) =>
        `<g transform="translate(${i * width},0)">${panel.kind === 'field' ? field(panel, i) : curves(panel)}</g>`,
    )
    .join('\n');
  const total = panels.length * width;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${total}" height="${height}" fill="white"/>`,
    body,
    '</svg>\n',
  ].join('\n');
}

const horizontal: [number, number] = [margin.left, width - margin.right];
const vertical: [number, number] = [height - margin.bottom, margin.top];

function field(panel: Field, id: number): string {
  const [nx, ny] = panel.counts;
  const x = scaleLinear([...panel.x], horizontal);
  const y = scaleLinear([...panel.y], vertical);
  const values = Array.from({ length: nx * ny }, (_, k) => panel.values[(k % nx) * ny + Math.floor(k / nx)]!);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (panel.colours === 'diverging') [low, high] = [-Math.max(-low, high), Math.max(-low, high)];
  const colour = (v: number): string => {
    const share = (v - low) / (high - low || 1);
    return panel.colours === 'diverging' ? interpolateRdBu(1 - share) : interpolateViridis(share);
  };
  const thresholds = Array.from({ length: levels }, (_, k) => low + ((high - low) * k) / levels);
  // d3-contour's grid points are centres of unit cells.
  const place = ([i, j]: readonly number[]): string => {
    const at = (g: number, n: number, [min, max]: readonly [number, number]) =>
      min + ((g - 0.5) / (n - 1)) * (max - min);
    return `${x(at(i!, nx, panel.x)).toFixed(1)},${y(at(j!, ny, panel.y)).toFixed(1)}`;
  };
  const paths = contours()
    .size([nx, ny])
    .thresholds(thresholds)(values)
    .map(({ coordinates, value }) => {
      const d = coordinates.flat().map((ring) => `M${ring.map(place).join('L')}Z`);
      return `<path d="${d.join('')}" fill="${colour(value + (high - low) / levels / 2)}"/>`;
    });
  const [w, h] = [horizontal[1] - horizontal[0], vertical[0] - vertical[1]];
  const bar = thresholds.map((v, k) => {
    const top = vertical[0] - (h * (k + 1)) / levels;
    return `<rect x="${horizontal[1] + 8}" y="${top.toFixed(1)}" width="10" height="${(h / levels + 0.5).toFixed(1)}" fill="${colour(v + (high - low) / levels / 2)}"/>`;
  });
  return [
    `<clipPath id="panel${id}"><rect x="${horizontal[0]}" y="${vertical[1]}" width="${w}" height="${h}"/></clipPath>`,
    `<g clip-path="url(#panel${id})">${paths.join('')}</g>`,
    ...bar,
    text(horizontal[1] + 21, vertical[0], short(low), 'start'),
    text(horizontal[1] + 21, vertical[1] + 8, short(high), 'start'),
    axes(panel, x, y),
  ].join('');
}

function curves(panel: Curves): string {
  const all = panel.curves.flatMap(({ points }) => points).filter(([, v]) => !panel.log || v > 0);
  const range = (k: 0 | 1): [number, number] => [Math.min(...all.map((p) => p[k])), Math.max(...all.map((p) => p[k]))];
  const x = scaleLinear(range(0), horizontal);
  const y = (panel.log ? scaleLog(range(1), vertical) : scaleLinear(range(1), vertical)).nice();
  const path = line<readonly [number, number]>(
    (p) => x(p[0]),
    (p) => y(p[1]),
  )
    .defined(([, v]) => !panel.log || v > 0)
    .digits(1);
  const drawn = panel.curves.map(({ name, points }, i) => {
    const colour = palette[i % palette.length]!;
    return (
      `<path d="${path(points)}" fill="none" stroke="${colour}" stroke-width="1.3"/>` +
      `<text x="${horizontal[1] + 6}" y="${vertical[1] + 10 + 14 * i}" fill="${colour}">${name}</text>`
    );
  });
  return drawn.join('') + axes(panel, x, y);
}

function axes(panel: Panel, x: Scale, y: Scale): string {
  const parts = [
    `<path d="M${horizontal[0]},${vertical[1]}V${vertical[0]}H${horizontal[1]}" fill="none" stroke="#444"/>`,
    text((horizontal[0] + horizontal[1]) / 2, 18, panel.title, 'middle', 'font-weight="bold"'),
    text((horizontal[0] + horizontal[1]) / 2, height - 8, panel.labels[0], 'middle'),
    `<text transform="translate(13,${(vertical[0] + vertical[1]) / 2}) rotate(-90)" text-anchor="middle">${panel.labels[1]}</text>`,
  ];
  for (const v of x.ticks(5)) {
    parts.push(`<path d="M${x(v)},${vertical[0]}v4" stroke="#444"/>`, text(x(v), vertical[0] + 16, short(v), 'middle'));
  }
  const decades = panel.kind === 'curves' && panel.log;
  for (const v of y.ticks(5)) {
    if (decades && !Number.isInteger(Math.log10(v))) continue;
    parts.push(
      `<path d="M${horizontal[0] - 4},${y(v)}h4" stroke="#444"/>`,
      text(horizontal[0] - 7, y(v) + 4, short(v), 'end'),
    );
  }
  return parts.join('');
}

const text = (x: number, y: number, content: string, anchor: string, more = ''): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" ${more}>${content}</text>`;

function short(v: number): string {
  if (v !== 0 && (Math.abs(v) < 1e-2 || Math.abs(v) >= 1e4))
    return v.toExponential(v.toExponential().startsWith('1e') ? 0 : 1);
  return String(Number(v.toPrecision(3)));
}
