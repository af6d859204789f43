import { getNative } from '../runtime/native.js';
import { wrapped } from '../runtime/native-error.js';

/**
 * What L-BFGS remembers of a step: s, the difference of the parameters, and y, that of the gradients, each [P]; and `before`, sᵀy
 * of the s of each pair before this one with this y, the youngest first. So a pair stays as it is when the oldest is forgotten.
 */
export interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** 1/(sᵀy). */
  readonly weight: number;
  readonly before: Float64Array;
}

/** sᵀx for every s, and sᵀy if there is a y. */
export function productsWith(
  S: readonly Float64Array[],
  x: Float64Array,
  y?: Float64Array,
): [onX: Float64Array, onY: Float64Array] {
  const [onX, onY] = [new Float64Array(S.length), new Float64Array(S.length)];
  wrapped(() => getNative().vectorProducts(S, x, onX, y ?? null, y ? onY : null));
  return [onX, onY];
}

/**
 * The two-loop recursion of L-BFGS (Nocedal and Wright, algorithm 7.4), an approximate inverse Hessian times the gradient. Each loop
 * takes a product with the vector that the round before it has changed. Here the vector stays as it is, and those products are
 * corrected by what is known of the pairs: sᵢᵀ(g − Σ αⱼyⱼ) = sᵢᵀg − Σ αⱼsᵢᵀyⱼ. Each loop then is a product with a matrix, a small
 * triangular system and another product with a matrix, which run as fast as memory is read, and not vector after vector. They are
 * native: in JavaScript, four vectors at a time, they took 3.6 times as long with the pairs in the cache.
 *
 * Every product is a sum over P. Those of y could be differences of products with gradients known from the step before (Byrd,
 * Nocedal and Schnabel, 1994), without the digits that the two gradients have in common: not worth a tenth of the time.
 *
 * @param pairs the oldest first
 * @param alongS sᵀg for each pair; is overwritten
 * @param gamma the approximation to begin with is this multiple of the identity
 */
export function twoLoop(
  pairs: readonly Pair[],
  gradient: Float64Array,
  alongS: Float64Array,
  gamma: number,
): Float64Array {
  const m = pairs.length;
  const alpha = new Float64Array(m);
  for (let j = m - 1; j >= 0; j--) {
    const { weight, before } = pairs[j]!;
    const a = weight * alongS[j]!;
    alpha[j] = a;
    for (let i = j - 1; i >= 0; i--) alongS[i]! -= a * before[j - 1 - i]!;
  }

  const q = Float64Array.from(gradient);
  const alongY = new Float64Array(m);
  const minusAlpha = alpha.map((a) => -a);
  const Y = pairs.map(({ y }) => y);
  wrapped(() => getNative().vectorCombine(Y, minusAlpha, gamma, q, alongY));

  const factors = alpha;
  for (let i = 0; i < m; i++) {
    const { weight, before } = pairs[i]!;
    let along = alongY[i]!;
    for (let k = i - 1; k >= 0; k--) along += factors[k]! * before[i - 1 - k]!;
    factors[i]! -= weight * along;
  }
  const S = pairs.map(({ s }) => s);
  wrapped(() => getNative().vectorCombine(S, factors, 1, q, null));
  return q;
}
