// The yardstick: a loop of nothing but fused multiply-adds in the widest vectors.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { info } from 'nabla';
import type { Float } from './cases.js';

interface TestingAddon {
  fmaPeak(isa: string, dtype: Float, threads: number, milliseconds: number): number;
}

let testing: TestingAddon | undefined;

/** Operations per second on `threads` threads at once. It comes from the testing addon, which no user has: loaded when first asked for. */
export function fmaPeak(isa: string, dtype: Float, threads: number, milliseconds: number): number {
  const folder = process.env.NABLA_BUILD || fileURLToPath(new URL('../../build/Release', import.meta.url));
  testing ??= createRequire(import.meta.url)(resolve(folder, 'nabla_testing.node')) as TestingAddon;
  return testing.fmaPeak(isa, dtype, threads, milliseconds);
}

/** By instruction set and precision: operations per second of one thread. */
export type Peaks = Readonly<Record<string, Readonly<Record<Float, number>>>>;

/** The best of some bursts each, with every instruction set of this machine. */
export function fmaPeaks(): Peaks {
  const best = (isa: string, dtype: Float): number =>
    Math.max(...Array.from({ length: 8 }, () => fmaPeak(isa, dtype, 1, 1)));
  return Object.fromEntries(
    info().isas.map((isa) => [isa, { float32: best(isa, 'float32'), float64: best(isa, 'float64') }]),
  );
}
