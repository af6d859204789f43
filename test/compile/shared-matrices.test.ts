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

describe('factors that are the same for all samples', () => {
  const [a, b] = [1, 2].map((seed) => random.normal(random.PRNGKey(seed), [5], { dtype: 'float64' })) as [Array, Array];
  const X = random.normal(random.PRNGKey(3), [40, 5], { dtype: 'float64' });

  it('are multiplied with each other once', () => {
    const f = vmap((x: Array, p: Array, q: Array) => np.sin(x).mul(p).mul(q), [0, null, null]);
    const explanation = explain(f)(X, a, b);
    expect([count(explanation, 'flat', 'mul'), count(explanation, 'lanes', 'mul')]).toEqual([1, 1]);
    const expected = (X.toArray() as number[][]).map((row) =>
      row.map((x, i) => Math.sin(x) * ((a.data[i] as number) * (b.data[i] as number))),
    );
    const result = (jit(f)(X, a, b) as Array).toArray() as number[][];
    result.forEach((row, s) => {
      row.forEach((y, i) => {
        expect(y).toBeCloseTo(expected[s]![i]!, 14);
      });
    });
  });

  it('also in a product of three that is summed', () => {
    const f = vmap((x: Array, p: Array, q: Array) => np.einsum('i,i,i->', x, p, q), [0, null, null]);
    const explanation = explain(f)(X, a, b);
    expect([count(explanation, 'flat', 'mul'), count(explanation, 'lanes', 'dense')]).toEqual([1, 1]);
    const result = jit(f)(X, a, b) as Array;
    (X.toArray() as number[][]).forEach((row, s) => {
      const expected = row.reduce((sum, x, i) => sum + x * (a.data[i] as number) * (b.data[i] as number), 0);
      expect(result.data[s]).toBeCloseTo(expected, 13);
    });
  });
});
