import type { Array } from '../array/array.js';
import { add, clip as clipArray, div, less, mul, sqrt, square, where } from '../numpy/elementwise.js';
import { sum } from '../numpy/linear.js';
import { toArray } from '../trace/trace.js';
import { jit } from '../transform/jit.js';
import { flatten } from '../tree/tree.js';
import { checkNumber, type GradientTransformation, inDTypeOf, mapArrays, stateless } from './transformation.js';

const positive = (x: number): boolean => x > 0 && Number.isFinite(x);

const norm = jit((tree: unknown): Array => {
  const squares = flatten(tree).leaves.map((x) => sum(square(toArray(x, 'globalNorm'))));
  return sqrt(squares.length === 0 ? toArray(0, 'globalNorm') : squares.reduce((a, b) => add(a, b)));
});

/** The root of the sum of squares over all leaves of a tree. */
export const globalNorm = (tree: unknown): Array => norm(tree as never);

/** Every entry of the updates limited to [−maxDelta, maxDelta]. @throws ERR_NABLA_OPTION */
export function clip(maxDelta: number): GradientTransformation {
  checkNumber(maxDelta, 'clip: maxDelta', positive, 'a positive number');
  return stateless((updates) => mapArrays((u) => clipArray(u, -maxDelta, maxDelta), updates));
}

/** Updates scaled down to a global norm of `maxNorm` where it is larger (Pascanu et al., 2012). @throws ERR_NABLA_OPTION */
export function clipByGlobalNorm(maxNorm: number): GradientTransformation {
  checkNumber(maxNorm, 'clipByGlobalNorm: maxNorm', positive, 'a positive number');
  return stateless((updates) => {
    const total = globalNorm(updates);
    const within = less(total, maxNorm);
    return mapArrays((u) => inDTypeOf(u, where(within, u, mul(div(u, total), maxNorm))), updates);
  });
}
