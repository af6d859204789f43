// No time is taken of a result that is wrong.
import { type Case, resultLengths } from './cases.js';
import { readFloats } from './contestants/numbers.js';

/**
 * Largest difference of two results that counts as agreement, as a share of the largest entry: a few hundred roundings, far
 * below what any mistake in a formula makes.
 */
const tolerance = { float32: 2e-4, float64: 1e-11 } as const;

/** What is wrong with `file` beside `reference`, results of the same case; undefined if nothing is. */
export function disagreement(c: Case, rows: number, file: string, reference: string): string | undefined {
  const [ours, theirs] = [reference, file].map((path) => readFloats(path, c.dtype)) as [Float32Array, Float32Array];
  const { perSample, once } = resultLengths(c);
  const expected = once + perSample.reduce((n, length) => n + rows * length, 0);
  for (const { length } of [ours, theirs]) {
    if (length !== expected) return `the result holds ${length} numbers instead of ${expected}`;
  }
  let scale = 0;
  let difference = 0;
  for (let i = 0; i < expected; i++) {
    const a = ours[i]!;
    const b = theirs[i]!;
    // Math.max keeps a NaN, and a NaN is a disagreement below.
    difference = Math.max(difference, Math.abs(a - b));
    scale = Math.max(scale, Math.abs(a));
  }
  if (difference <= tolerance[c.dtype] * scale) return undefined;
  return `results differ by ${(difference / scale).toExponential(1)} of the largest entry`;
}
