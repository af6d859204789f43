import { addCombination, addDots, addDotsOfTwo } from './vector.js';

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

/** Entries gone over at once: what all vectors are multiplied with or added to, 8 KiB, stays in the first-level cache. */
const stretch = 1024;

/** sᵀx for every s, and sᵀy if there is a y. */
export function productsWith(
  S: readonly Float64Array[],
  x: Float64Array,
  y?: Float64Array,
): [alongX: Float64Array, alongY: Float64Array] {
  const [alongX, alongY] = [new Float64Array(S.length), new Float64Array(S.length)];
  for (const [from, to] of stretches(x.length)) {
    if (y) addDotsOfTwo(S, x, y, from, to, alongX, alongY);
    else addDots(S, x, from, to, alongX);
  }
  return [alongX, alongY];
}

/**
 * The two-loop recursion of L-BFGS (Nocedal and Wright, algorithm 7.4), an approximate inverse Hessian times the gradient. Each loop
 * takes a product with the vector that the round before it has changed. Here the vector stays as it is, and those products are
 * corrected by what is known of the pairs: sᵢᵀ(g − Σ αⱼyⱼ) = sᵢᵀg − Σ αⱼsᵢᵀyⱼ. Each loop then is a product with a matrix, a small
 * triangular system and another product with a matrix, which run as fast as memory is read, and not vector after vector.
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

  const Y = pairs.map(({ y }) => y);
  const minusAlpha = alpha.map((a) => -a);
  const q = Float64Array.from(gradient);
  const alongY = new Float64Array(m);
  for (const [from, to] of stretches(q.length)) {
    addCombination(minusAlpha, Y, from, to, q);
    for (let i = from; i < to; i++) q[i]! *= gamma;
    addDots(Y, q, from, to, alongY);
  }

  const factors = alpha;
  for (let i = 0; i < m; i++) {
    const { weight, before } = pairs[i]!;
    let along = alongY[i]!;
    for (let k = i - 1; k >= 0; k--) along += factors[k]! * before[i - 1 - k]!;
    factors[i]! -= weight * along;
  }
  const S = pairs.map(({ s }) => s);
  for (const [from, to] of stretches(q.length)) addCombination(factors, S, from, to, q);
  return q;
}

function* stretches(length: number): Generator<readonly [from: number, to: number]> {
  for (let from = 0; from < length; from += stretch) yield [from, Math.min(from + stretch, length)];
}
