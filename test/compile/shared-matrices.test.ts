import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { hessian } from '../../lib/transform/hessian.js';
import { explain } from '../../lib/transform/insight.js';
import { jit } from '../../lib/transform/jit.js';
import { vmap } from '../../lib/transform/vmap.js';
import { network } from '../support/random-network.js';

/** How often the loops that run once, or those over samples, have an instruction. */
function count(explanation: ReturnType<ReturnType<typeof explain>>, kind: 'flat' | 'lanes', name: string): number {
  const loops = explanation.loops.filter((loop) => loop.kind === kind);
  return loops.reduce((n, { instructions }) => n + (instructions[name] ?? 0), 0);
}

describe('matrices beyond the L1 cache', () => {
  // 160 x 160 float64 are 200 KiB. The first kernel is [2, 160], the last [160, 1]: small.
  const { u, params, points } = network([160, 160, 160, 1], 2, { dtype: 'float64' });
  const H = vmap(hessian(u, { argnums: 1 }), [null, 0]);
  const X = points(1100);

  it('are copied once, in the order the kernel of a forward product reads them', () => {
    const explanation = explain(H)(params as never, X);
    expect(count(explanation, 'flat', 'copy')).toBe(2);
    // The copy is the same matrix: value, two tangents and the adjoint go over it.
    expect(explanation.passes).toBe(4);
  });

  it('not for a few samples', () => {
    expect(count(explain(H)(params as never, X.slice([0, 100])), 'flat', 'copy')).toBe(0);
  });

  it('give the same bits as the matrices themselves', () => {
    const long = jit(H)(params as never, X) as Array;
    const short = jit(H)(params as never, X.slice([0, 100])) as Array;
    expect(short.data).toEqual(long.data.slice(0, short.size));
  });
});

it('a matrix and a part of it that begins at the same place have a copy each', () => {
  const W = random.normal(random.PRNGKey(4), [300, 300], { dtype: 'float64' });
  const X = random.normal(random.PRNGKey(5), [1100, 300], { dtype: 'float64' });
  const f = (x: Array, w: Array) => np.concatenate([np.matmul(x, w), np.matmul(x, w.slice(null, [0, 200]))]);
  const H = vmap(f, [0, null]);
  expect(count(explain(H)(X, W), 'flat', 'copy')).toBe(2);
  const long = jit(H)(X, W) as Array;
  const short = jit(H)(X.slice([0, 50]), W) as Array;
  expect(short.data).toEqual(long.data.slice(0, short.size));
});

describe('a factor that is the same for all samples, twice', () => {
  const w = random.normal(random.PRNGKey(1), [5], { dtype: 'float64' });
  const X = random.normal(random.PRNGKey(3), [40, 5], { dtype: 'float64' });
  const flatOps = (explanation: ReturnType<ReturnType<typeof explain>>) =>
    count(explanation, 'flat', 'mul') + count(explanation, 'flat', 'square');

  it('is squared once', () => {
    const f = vmap((x: Array, p: Array) => np.sin(x).mul(p).mul(p), [0, null]);
    const explanation = explain(f)(X, w);
    expect([flatOps(explanation), count(explanation, 'lanes', 'mul')]).toEqual([1, 1]);
    const result = (jit(f)(X, w) as Array).toArray() as number[][];
    (X.toArray() as number[][]).forEach((row, s) => {
      row.forEach((x, i) => {
        expect(result[s]![i]).toBeCloseTo(Math.sin(x) * (w.data[i] as number) ** 2, 14);
      });
    });
  });

  it('also in a product of three that is summed', () => {
    const f = vmap((x: Array, p: Array) => np.einsum('i,i,i->', x, p, p), [0, null]);
    const explanation = explain(f)(X, w);
    expect([flatOps(explanation), count(explanation, 'lanes', 'dense')]).toEqual([1, 1]);
    const result = jit(f)(X, w) as Array;
    (X.toArray() as number[][]).forEach((row, s) => {
      const expected = row.reduce((sum, x, i) => sum + x * (w.data[i] as number) ** 2, 0);
      expect(result.data[s]).toBeCloseTo(expected, 13);
    });
  });

  it('not two different ones, whose product may be out of range', () => {
    const f = vmap((x: Array, p: Array, q: Array) => x.mul(p).mul(q), [0, null, null]);
    const tiny = np.full([1], 1e-30);
    const result = jit(f)(np.full([3, 1], 1e30), tiny, tiny) as Array;
    expect(result.data[0]! / 1e-30).toBeCloseTo(1, 5);
  });
});

it('axes that only a shared factor has are summed in it, once', () => {
  const W = random.normal(random.PRNGKey(6), [5, 3], { dtype: 'float64' });
  const X = random.normal(random.PRNGKey(7), [40, 5], { dtype: 'float64' });
  const f = vmap((x: Array, w: Array) => np.einsum('k,kc,kc->', x, w, w), [0, null]);
  const explanation = explain(f)(X, W);
  expect([count(explanation, 'lanes', 'dense'), count(explanation, 'lanes', 'contract')]).toEqual([1, 0]);
  const result = jit(f)(X, W) as Array;
  const rows = W.toArray() as number[][];
  (X.toArray() as number[][]).forEach((row, s) => {
    const expected = row.reduce((sum, x, k) => sum + x * rows[k]!.reduce((n, w) => n + w * w, 0), 0);
    expect(result.data[s]).toBeCloseTo(expected, 13);
  });
});
