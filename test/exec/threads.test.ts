import { describe, expect, it } from 'vitest';
import {
  constant,
  type Operand,
  output,
  ProgramWriter,
  panel,
  input as readInput,
  shared,
} from '../../lib/compile/program-writer.js';
import { runProgramAsync } from '../../lib/runtime/async.js';
import { createProgram, type DataArray } from '../../lib/runtime/program.js';
import { runProgram } from '../../lib/runtime/run.js';
import { type Float, numbers } from './case-builder.js';
import { isas, runOn } from './testing-addon.js';

const at = (offset: number, ...strides: number[]): Operand => ({ base: panel(offset), strides });
const bytes = (arrays: readonly DataArray[]) => arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength));

/**
 * Least squares with many parameters: y = tanh(x W) per sample, and the outer products sum_s x_s y_s^T with a final that another
 * loop reads. Accumulators of d * n elements, so that chunks, their memory cap and the sliced tree are all exercised.
 */
function outerProducts(dtype: Float, N: number, d: number, n: number): { words: Float64Array; inputs: DataArray[] } {
  const w = new ProgramWriter(dtype);
  const B = 64;
  const random = numbers(N + d * n);
  const Numbers = dtype === 'float32' ? Float32Array : Float64Array;
  const X = new Numbers(N * d).map(() => random());
  const W = new Numbers(d * n).map(() => random() / Math.sqrt(d));
  const x = w.input(dtype, N * d);
  const weights = w.input(dtype, d * n);
  const y = w.output(dtype, N * n);
  const gradient = w.output(dtype, d * n);
  const half = w.constant(0.5);
  const scratch = w.reserveShared(d * n);
  const total = d * n + n;
  w.lanesLoop({ N, B, arenaElements: (d + n) * B, accumulatorElements: total });
  w.gather([d], at(0, B), { base: readInput(x), strides: [1] }, d);
  w.dense({
    J: n,
    K: d,
    C: 1,
    out: at(d * B, B, B),
    W: { base: readInput(weights), strides: [n, 1] },
    x: at(0, B, B),
  });
  w.elementwise('tanh', [n], at(d * B, B), [at(d * B, B)]);
  w.scatter([n], at(d * B, B), { base: output(y), strides: [1] }, n);
  w.outerSum([], d, n, { offset: 0, strides: [n, 1] }, { a: at(0, B), b: at(d * B, B) });
  w.laneSum([n], { offset: d * n, strides: [1] }, at(d * B, B));
  w.final(0, d * n, shared(scratch));
  w.flatLoop();
  w.elementwise('mul', [d * n], { base: output(gradient), strides: [1] }, [
    { base: shared(scratch), strides: [1] },
    { base: constant(half), strides: [0] },
  ]);
  return { words: w.finish(), inputs: [X, W] };
}

describe('threads', () => {
  it.each<[Float, number, number, number]>([
    ['float32', 20_000, 3, 20],
    ['float64', 5_003, 10, 10],
    // accumulators of 1 MiB: the cap on chunk memory holds, and the tree is cut into slices
    ['float32', 1_100, 512, 512],
  ])('%s: N = %i, %i x %i parameters: the same bits at 1 to 8 threads', (dtype, N, d, n) => {
    const { words, inputs } = outerProducts(dtype, N, d, n);
    const expected = bytes(runOn(isas[0]!, 1, words, inputs)!);
    const program = createProgram(words);
    for (const threads of [1, 2, 3, 4, 8]) {
      const actual = bytes(runProgram(program, inputs, threads));
      actual.forEach((array, i) => {
        expect(array.equals(expected[i]!), `output ${i} at ${threads} threads`).toBe(true);
      });
    }
  });

  it('many runs of several programs at once do not disturb each other', async () => {
    const jobs = [
      outerProducts('float32', 5_000, 7, 30),
      outerProducts('float32', 40, 3, 3),
      outerProducts('float64', 3_000, 20, 40),
    ].map(({ words, inputs }) => ({ inputs, program: createProgram(words) }));
    const expected = jobs.map(({ program, inputs }) => bytes(runProgram(program, inputs, 1)));
    const runs = Array.from({ length: 60 }, (_, i) => i % jobs.length);
    const results = await Promise.all(
      runs.map(async (which) => {
        const { program, inputs } = jobs[which]!;
        return { which, actual: bytes(await runProgramAsync(program, inputs, { threads: 1 + (which % 4) })) };
      }),
    );
    for (const { which, actual } of results) {
      actual.forEach((array, i) => {
        expect(array.equals(expected[which]![i]!)).toBe(true);
      });
    }
  });

  it('a program that reads what it has not written sees zeros, not what another left', () => {
    const full = outerProducts('float32', 64, 3, 20);
    runProgram(createProgram(full.words), full.inputs, 1);
    const w = new ProgramWriter('float32');
    const y = w.output('float32', 16 * 20);
    w.reserveShared(16);
    w.lanesLoop({ N: 16, B: 16, arenaElements: 16 * 20 });
    w.scatter([20], at(0, 16), { base: output(y), strides: [1] }, 20);
    w.flatLoop();
    const z = w.output('float32', 16);
    w.elementwise('copy', [16], { base: output(z), strides: [1] }, [{ base: shared(0), strides: [1] }]);
    for (const array of runProgram(createProgram(w.finish()), [], 1)) {
      expect(array.every((value) => value === 0)).toBe(true);
    }
  });

  it.each([1, 4])('a program that would run for years ends when it is told to (%i threads)', async (threads) => {
    const w = new ProgramWriter('float32');
    const one = w.constant(1);
    w.lanesLoop({ N: 2 ** 52, B: 16, arenaElements: 16, accumulatorElements: threads === 1 ? 0 : 1 });
    w.elementwise('copy', [], at(0), [{ base: constant(one), strides: [] }]);
    const controller = new AbortController();
    const run = runProgramAsync(createProgram(w.finish()), [], { threads, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('one long call is cut short by an abort', async () => {
    // About 10^11 products in one contraction over many dims: minutes without the looks at the flag in between.
    const w = new ProgramWriter('float32');
    const x = w.input('float32', 256);
    const B = 1024;
    w.lanesLoop({ N: B, B, arenaElements: 17 * B });
    w.gather([16], at(0, B), { base: readInput(x), strides: [1] }, 0);
    w.contract({
      dims: [4096, 4, 1024],
      I: 1,
      J: 1,
      K: 16,
      out: at(16 * B, 0, 0, 0, 0, 0),
      a: at(0, 0, 0, 0, 0, B),
      b: at(0, 0, 0, 0, 0, B),
    });
    const controller = new AbortController();
    const run = runProgramAsync(createProgram(w.finish()), [new Float32Array(256)], {
      threads: 2,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 20);
    const begin = performance.now();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});
