import { info } from '../runtime/info.js';
import type { Lowered, LoweredLoop } from './compile.js';
import type { Draft } from './loop.js';
import type { Buffer } from './views.js';

/** One loop of a compiled program. */
export interface ExplainedLoop {
  /** `lanes`: over samples, in blocks; `flat`: once, for the values all samples share. */
  readonly kind: 'lanes' | 'flat';
  readonly samples: number;
  /** Samples in a block. */
  readonly block: number;
  /** Memory of one thread for all intermediate values of a block. */
  readonly arenaBytes: number;
  /** Columns multiplied with the matrix that is passed over most: value 1, each tangent 1, each adjoint 1. */
  readonly passes: number;
  /** Columns of the weight gradient that takes most (0 without gradients in parameters). */
  readonly weightGradientPasses: number;
  /** Floating-point operations for one sample: two per multiply-add, one per entry of anything else. */
  readonly flopsPerSample: number;
  /** Instructions by name. */
  readonly instructions: Readonly<Record<string, number>>;
}

/** What a compiled program does. `String(explanation)` is a table. */
export interface Explanation {
  readonly dtype: 'float32' | 'float64';
  readonly isa: string;
  readonly threads: number;
  readonly loops: readonly ExplainedLoop[];
  /** Passes over the weights for one sample, of all loops: matrix products forward and back and weight gradients. */
  readonly passes: number;
  /** Floating-point operations of the whole call. */
  readonly flops: number;
  toString(): string;
}

export function describeProgram(lowered: Lowered): Explanation {
  const { isa, threads } = info();
  const loops = lowered.loops.map(describeLoop);
  const mapped = loops.filter((loop) => loop.kind === 'lanes');
  const passes = mapped.reduce((n, loop) => n + loop.passes + loop.weightGradientPasses, 0);
  const flops = loops.reduce((n, loop) => n + loop.flopsPerSample * loop.samples, 0);
  const explanation = { dtype: lowered.dtype, isa, threads, loops, passes, flops };
  return Object.defineProperty(explanation, 'toString', { value: () => table(explanation), enumerable: false });
}

function describeLoop({ kind, samples, block, arenaBytes, loop }: LoweredLoop): ExplainedLoop {
  const instructions: Record<string, number> = {};
  for (const { name } of loop.drafts) instructions[name] = (instructions[name] ?? 0) + 1;
  const flopsPerSample = loop.drafts.reduce((n, { work }) => n + 2 * (work?.multiplyAdds ?? 0), 0);
  return {
    kind,
    samples,
    block,
    arenaBytes,
    passes: mostColumns(loop.drafts, (matrix) => matrix.space !== 'accumulator'),
    weightGradientPasses: mostColumns(loop.drafts, (matrix) => matrix.space === 'accumulator'),
    flopsPerSample,
    instructions,
  };
}

/** Columns over the one matrix that sees most of them; places in the same buffer count as the same matrix. */
function mostColumns(drafts: readonly Draft[], counts: (matrix: Buffer) => boolean): number {
  const columns = new Map<string, number>();
  for (const { work } of drafts) {
    if (!work?.matrix || !counts(work.matrix)) continue;
    const { space, index, offset } = work.matrix;
    const key = `${space}:${index}:${offset}`;
    columns.set(key, (columns.get(key) ?? 0) + work.columns!);
  }
  return Math.max(0, ...columns.values());
}

function table({ dtype, isa, threads, loops, passes, flops }: Omit<Explanation, 'toString'>): string {
  const lines = [`${dtype}, ${isa}, ${threads} threads; ${passes} passes over the weights, ${count(flops)}FLOP`];
  for (const loop of loops) {
    const what = loop.kind === 'flat' ? 'once' : `${loop.samples} samples in blocks of ${loop.block}`;
    const passed =
      loop.kind === 'flat'
        ? ''
        : `, ${loop.passes} passes${loop.weightGradientPasses ? ` + ${loop.weightGradientPasses} for weight gradients` : ''}`;
    lines.push(`  ${what}: ${count(loop.flopsPerSample)}FLOP each, ${count(loop.arenaBytes)}B of panels${passed}`);
    const names = Object.entries(loop.instructions).map(([name, n]) => (n === 1 ? name : `${n} ${name}`));
    lines.push(`    ${names.join(', ')}`);
  }
  return lines.join('\n');
}

const count = (n: number): string => {
  const units = ['', 'k', 'M', 'G', 'T'];
  let i = 0;
  let value = n;
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${Number(value.toPrecision(3))} ${units[i]}`;
};
