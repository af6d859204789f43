import { numpy as np, optim } from 'nabla';
import { describe, expect, test } from 'vitest';
import { type Pair, productsWith, twoLoop } from '../../lib/optim/two-loop.js';

/** Numbers in [−1, 1) that are the same in every run (Numerical Recipes' generator). */
function randomNumbers(seed: number): () => number {
  let x = seed;
  return () => {
    x = (1664525 * x + 1013904223) % 2 ** 32;
    return x / 2 ** 31 - 1;
  };
}

const vector = (n: number, random: () => number) => Float64Array.from({ length: n }, random);
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const norm = (a: Float64Array) => Math.sqrt(dot(a, a));

/** Algorithm 7.4 of Nocedal and Wright as it stands there: every product with the vector as it is at that moment. */
function asInTheBook(pairs: readonly Pick<Pair, 's' | 'y'>[], gradient: Float64Array, gamma: number): Float64Array {
  let q = Float64Array.from(gradient);
  const alpha: number[] = [];
  for (const [i, { s, y }] of [...pairs.entries()].reverse()) {
    alpha[i] = dot(s, q) / dot(s, y);
    q = q.map((x, k) => x - alpha[i]! * y[k]!);
  }
  q = q.map((x) => gamma * x);
  for (const [i, { s, y }] of pairs.entries()) {
    const beta = dot(y, q) / dot(s, y);
    q = q.map((x, k) => x + (alpha[i]! - beta) * s[k]!);
  }
  return q;
}

/** Pairs of a quadratic function whose Hessian is diagonal, between 1 and 2: no vectors that nearly cancel. */
function pairsOf(m: number, length: number, random: () => number): Pair[] {
  const hessian = vector(length, random).map((x) => 1.5 + x / 2);
  const pairs: Pair[] = [];
  for (let j = 0; j < m; j++) {
    const s = vector(length, random);
    const y = s.map((x, i) => x * hessian[i]!);
    pairs.push({ s, y, weight: 1 / dot(s, y), before: Float64Array.from(pairs.map((p) => dot(p.s, y)).reverse()) });
  }
  return pairs;
}

/*
 * Both orders round sums of P products, each within P·ε of Σ|aᵢbᵢ| ≤ |a||b|, and m rounds hand such errors on, at most doubled by
 * a Hessian of condition 2: 4·m·P·ε of the result's norm is above what rounding can do, a wrong product is far above it.
 */
const allowed = (m: number, length: number): number => 4 * (m + 1) * length * 2 ** -52;

describe('the two-loop recursion by matrix products', () => {
  const lengths = [1, 2, 3, 7, 1023, 1024, 1025, 3000];
  test.each([0, 1, 2, 3, 4, 5, 8, 13])('gives what the book says for %d pairs', (m) => {
    for (const length of lengths) {
      const random = randomNumbers(31 * m + length);
      const pairs = pairsOf(m, length, random);
      const gradient = vector(length, random);
      const before = Float64Array.from(gradient);
      const [alongS] = productsWith(
        pairs.map(({ s }) => s),
        gradient,
      );
      const actual = twoLoop(pairs, gradient, alongS, 0.7);
      const expected = asInTheBook(pairs, gradient, 0.7);
      const error = norm(actual.map((x, i) => x - expected[i]!)) / norm(expected);
      expect(error, `P = ${length}`).toBeLessThanOrEqual(allowed(m, length));
      expect(gradient).toEqual(before);
    }
  });

  test('products with two vectors at once are those with each alone, to the bit', () => {
    const random = randomNumbers(5);
    for (const m of [0, 1, 3, 4, 6, 9]) {
      const S = Array.from({ length: m }, () => vector(1500, random));
      const [x, y] = [vector(1500, random), vector(1500, random)];
      expect(productsWith(S, x, y)).toEqual([productsWith(S, x)[0], productsWith(S, y)[0]]);
    }
  });
});

interface Memory {
  readonly diffParamsMemory: readonly np.Array[];
  readonly diffUpdatesMemory: readonly np.Array[];
  readonly productsMemory: readonly np.Array[];
}

test('what is remembered of the pairs stays true when the oldest are forgotten and flat ones left out', () => {
  const random = randomNumbers(9);
  const length = 6;
  const memory = optim.scaleByLbfgs({ memorySize: 4 });
  let params = vector(length, random);
  let state = memory.init(np.array(params));
  for (let step = 0; step < 12; step++) {
    // Twice the same place: no pair.
    if (step !== 5) params = vector(length, random);
    const gradient = params.map((x, i) => (1 + i / 5) * x);
    const [direction, next] = memory.update(np.array(gradient), state, np.array(params));
    state = next;
    const { diffParamsMemory, diffUpdatesMemory, productsMemory } = next as unknown as Memory;
    const data = (x: np.Array) => x.data as Float64Array;
    expect(productsMemory).toHaveLength(Math.min(4, step < 5 ? step : step - 1));
    productsMemory.forEach((products, j) => {
      for (let i = j - 1; i >= 0; i--) {
        const expected = dot(data(diffParamsMemory[i]!), data(diffUpdatesMemory[j]!));
        expect(data(products)[j - 1 - i], `step ${step}: s${i}·y${j}`).toBeCloseTo(expected, 13);
      }
    });
    const pairs = diffParamsMemory.map((s, i) => ({ s: data(s), y: data(diffUpdatesMemory[i]!) }));
    const newest = pairs.at(-1);
    const gamma = newest
      ? dot(newest.s, newest.y) / dot(newest.y, newest.y)
      : Math.min(1, 1 / norm(Float64Array.from(gradient)));
    const expected = asInTheBook(pairs, Float64Array.from(gradient), gamma);
    direction.data.forEach((x, i) => {
      expect(x, `step ${step}`).toBeCloseTo(expected[i]!, 10);
    });
  }
});
