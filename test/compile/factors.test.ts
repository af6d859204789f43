import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { valueAndGrad } from '../../lib/transform/grad.js';
import { hessian } from '../../lib/transform/hessian.js';
import { explain } from '../../lib/transform/insight.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectClose } from '../support/close.js';
import { network } from '../support/random-network.js';
import { residuals } from '../support/residuals.js';
import { interpreted, native } from '../support/routes.js';

/* Where the factors of a product and the terms of a sum go, so that fewer operations pass over memory. */

const entrywise = ['add', 'sub', 'mul', 'square', 'neg', 'fma', 'fnma', 'fms', 'mulMul'];

function counts(explanation: ReturnType<ReturnType<typeof explain>>): Record<string, number> {
  const loops = explanation.loops.filter(({ kind }) => kind === 'lanes');
  const of: Record<string, number> = {};
  for (const { instructions } of loops) {
    for (const [name, n] of Object.entries(instructions)) of[name] = (of[name] ?? 0) + n;
  }
  return of;
}
const all = (of: Record<string, number>, names: readonly string[]): number =>
  names.reduce((n, name) => n + (of[name] ?? 0), 0);

const points = (seed: number, shape: readonly number[] = [70, 8]) =>
  random.normal(random.PRNGKey(seed), shape, { dtype: 'float64' });

/** f mapped over samples: the same numbers as the interpreter's, and the instructions it takes. */
function compiled(f: (...xs: Array[]) => unknown, ...xs: Array[]): Record<string, number> {
  const mapped = vmap(f as never) as (...args: Array[]) => Array;
  expectClose(native(mapped)(...xs), interpreted(mapped)(...xs), 1e-14);
  return counts(explain(mapped)(...xs));
}

describe('a number among the factors', () => {
  it('that several products share goes into each of them', () => {
    const f = (x: Array, y: Array, z: Array) => {
      const k = np.mul(-2, x);
      return [np.mul(k, y), np.mul(k, z)];
    };
    const of = compiled(f, points(1), points(2), points(3));
    expect([of.mul, of.mulMul]).toEqual([undefined, 2]);
  });

  it('goes into a factor that is one number a sample, and out of a sum', () => {
    const f = (x: Array, y: Array, s: Array) => {
      const k = np.mul(3, np.mul(x, y));
      return [np.mul(np.mul(s.at(0), k), np.sin(x)), np.dot(k, y)];
    };
    const of = compiled(f, points(1), points(2), points(3, [70, 1]));
    // x·y, 3·s and 3·Σ; (3·s)·(x·y)·sin x.
    expect([of.mul, of.mulMul]).toEqual([3, 1]);
  });

  it('goes to a factor of all that multiply by it', () => {
    // q = s·x² serves two products, each of them times −2.
    const f = (x: Array, y: Array, z: Array, s: Array) => {
      const q = np.mul(np.mul(s.at(0), x), x);
      return [np.add(1, np.mul(-2, np.mul(q, y))), np.add(2, np.mul(np.mul(-2, z), q))];
    };
    const of = compiled(f, points(1), points(2), points(3), points(4, [70, 1]));
    // −2·s, s·x·x, and a multiply-add each.
    expect([of.mul, of.mulMul, of.fma]).toEqual([1, 1, 2]);
  });

  it('and s·x, which products of two share, is a factor of a product of three', () => {
    const f = (x: Array, y: Array, z: Array, s: Array) => {
      const scaled = np.mul(s.at(0), x);
      return [np.mul(scaled, y), np.mul(z, scaled)];
    };
    const of = compiled(f, points(1), points(2), points(3), points(4, [70, 1]));
    expect([of.mul, of.mulMul]).toEqual([undefined, 2]);
  });

  it('counts once where the factor that would take it in is there twice', () => {
    const f = (x: Array, y: Array, z: Array, s: Array) => {
      const p = np.mul(s.at(0), x);
      return np.mul(2, np.mul(np.mul(p, y), np.mul(p, z)));
    };
    compiled(f, points(1), points(2), points(3), points(4, [70, 1]));
    compiled((x, s) => np.mul(2, np.mul(np.mul(s.at(0), x), s.at(0))), points(1), points(4, [70, 1]));
  });

  it('is not taken with others that are out of range alone', () => {
    const full = (value: number) => np.full([3, 4], value, { dtype: 'float32' });
    const f = vmap((x: Array, y: Array, z: Array, s: Array) =>
      np.mul(np.mul(np.mul(2e-30, x), y), np.mul(np.mul(1e30, z), s.at(0))),
    );
    const args = [full(1e25), full(1e25), full(1e-30), np.full([3, 1], 1, { dtype: 'float32' })];
    for (const value of (native(f)(...args) as Array).data) expect(value / 2e20).toBeCloseTo(1, 5);
  });

  it('stays where moving it would leave the range of float32', () => {
    const full = (value: number) => np.full([3, 4], value, { dtype: 'float32' });
    const one = (value: number) => np.full([3, 1], value, { dtype: 'float32' });
    const f = vmap((x: Array, y: Array, z: Array, s: Array) => {
      const large = np.mul(1e30, x);
      const scaled = np.mul(s.at(0), y);
      return [np.mul(large, z), np.mul(large, np.sin(z)), np.mul(z, scaled), np.mul(np.sin(z), scaled)];
    });
    // (1e30·1e-20)·1e-30 and 1e-30·(1e-20·1e30) are 1e-20; beginning with the two small factors they would be 0.
    for (const route of [native, interpreted]) {
      const results = route(f)(full(1e-20), full(1e30), full(1e-30), one(1e-20)) as Array[];
      for (const { data } of results) for (const value of data) expect(value / 1e-20).toBeCloseTo(1, 5);
    }
  });
});

describe('a sum with the product of a shared matrix', () => {
  const W = points(9, [8, 8]);

  it('is formed by its kernel, whatever the order of the terms', () => {
    const f = (x: Array, y: Array) =>
      np.add(np.add(np.matmul(x, W), np.mul(x, y)), np.mul(np.sin(x), np.matmul(y, W.T)));
    const of = compiled(f, points(1), points(2));
    expect(of.dense).toBe(2);
    expect(all(of, entrywise)).toBe(1);
  });

  it('also where the product is scaled, and wanted itself', () => {
    const f = (x: Array, y: Array) => {
      const product = np.matmul(x, W);
      return [np.add(np.mul(np.cos(y), product), np.mul(x, y)), np.sin(product)];
    };
    const of = compiled(f, points(1), points(2));
    expect(of.dense).toBe(1);
    expect(all(of, entrywise)).toBe(1);
  });

  it('not to what all samples share', () => {
    const f = vmap((x: Array, b: Array) => np.add(np.mul(np.cos(x), np.matmul(x, W)), np.sin(b)), [0, null]);
    const [x, b] = [points(1), points(2, [8])];
    expectClose(native(f)(x, b) as Array, interpreted(f)(x, b) as Array, 1e-14);
  });

  it('of two scaled products', () => {
    const f = (x: Array, y: Array) => np.add(np.mul(np.cos(x), np.matmul(y, W)), np.mul(np.sin(y), np.matmul(x, W.T)));
    const of = compiled(f, points(1), points(2));
    expect([of.dense, all(of, entrywise)]).toEqual([2, 0]);
  });

  it('scaled by one number a sample', () => {
    const f = (x: Array, y: Array, s: Array) => np.add(np.mul(s.at(0), np.matmul(x, W)), np.mul(x, y));
    const of = compiled(f, points(1), points(2), points(3, [70, 1]));
    expect([of.dense, all(of, entrywise)]).toEqual([1, 2]);
  });

  it('whose contraction is several instructions is wanted itself as well', () => {
    const V = points(9, [5, 8, 6]);
    const f = (x: Array, y: Array, z: Array) => {
      const product = np.einsum('ab,baj->j', x, V);
      return [np.add(np.mul(np.cos(y), product), np.mul(y, z)), np.sin(product)];
    };
    compiled(f, points(1, [70, 8, 5]), points(2, [70, 6]), points(3, [70, 6]));
  });

  it('not of two that wait for each other', () => {
    const f = (x: Array, y: Array) => {
      const [p, q] = [np.matmul(x, W), np.matmul(y, W.T)] as [Array, Array];
      return [
        np.add(np.mul(x, p), np.sin(np.mul(q, y))),
        np.add(np.mul(y, q), np.cos(np.mul(p, y))),
        np.mul(np.cos(p), q),
      ];
    };
    const of = compiled(f, points(1), points(2));
    expect(of.dense).toBe(2);
  });

  it('of what is scaled by another product, the later one', () => {
    const f = (x: Array) => {
      const p = np.matmul(x, W);
      const q = np.matmul(np.sin(p), W);
      return np.add(np.mul(p, q), np.cos(p));
    };
    const of = compiled(f, points(1));
    expect([of.dense, of.add, of.fma]).toEqual([2, undefined, undefined]);
  });

  it('is not symmetric any more, if it was before', () => {
    const [first, second] = [network([6, 6, 1], 3), network([5, 5, 1], 3)];
    const M = points(8, [3, 3]);
    const f = (x: Array) =>
      np.add(
        np.add(
          hessian((y: Array) => first.u(first.params, y))(x) as Array,
          np.matmul(M, np.outer(np.sin(x), np.cos(x))),
        ),
        hessian((y: Array) => second.u(second.params, y))(x) as Array,
      );
    compiled(f, points(1, [40, 3]));
  });

  it('may wait for a few hundred others, and have thousands of terms', () => {
    const f = (x: Array) => {
      // Every product is met before the sum it is added to, whose other term needs the product of the next, and its sum.
      let sum = np.sin(x);
      let next = np.cos(x);
      for (let k = 300; k >= 0; k--) {
        const product = np.matmul(np.mul(1 + k / 300, x), W);
        sum = np.add(np.mul(np.sin(next), sum), np.mul(np.cos(x), product));
        next = product;
      }
      let terms = np.cos(x);
      for (let i = 0; i < 1500; i++) terms = np.add(terms, np.sin(np.mul(x, i)));
      return [np.sin(next), sum, terms];
    };
    const of = compiled(f, points(1, [20, 8]));
    // 1500 terms; and beyond the limit sums are operations of their own.
    expect([of.dense, of.add]).toEqual([301, 1500 + 301 - 256]);
  });
});

it('a layer more of a Burgers residual, its loss and its gradient are ten operations of arrays by entry, and two small ones', () => {
  const count = (depth: number) => {
    const features = [...new globalThis.Array<number>(depth).fill(20), 1];
    const { params, points: at } = network(features, 2, { dtype: 'float32' });
    const residual = residuals.burgers(new nn.MLP({ features }));
    const loss = (p: nn.ParamsLike, X: Array) => np.mean(np.square(vmap(residual, [null, 0])(p, X)));
    return all(counts(explain(valueAndGrad(loss))(params as never, at(256))), entrywise);
  };
  expect(count(5) - count(4)).toBe(12);
});
