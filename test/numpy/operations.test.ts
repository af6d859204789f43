import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import { erf, erfc } from '../../lib/graph/math.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { jit } from '../../lib/transform/jit.js';
import { expectClose, expectSame } from '../support/close.js';

const double = (x: unknown) => np.array(x as number[], { dtype: 'float64' });

/** Points in the domain of every function below. */
const points = [0.1, 0.5, 0.9];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const unary: Record<string, (x: number) => number> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  tanh: Math.tanh,
  sigmoid,
  softplus: (x) => Math.log(1 + Math.exp(x)),
  erf,
  erfc,
  relu: (x) => Math.max(x, 0),
};

const binary: Record<string, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: (x, y) => x ** y,
  maximum: Math.max,
  minimum: Math.min,
  atan2: Math.atan2,
};

const predicates: Record<string, (x: number, y: number) => boolean> = {
  less: (x, y) => x < y,
  lessEqual: (x, y) => x <= y,
  greater: (x, y) => x > y,
  greaterEqual: (x, y) => x >= y,
  equal: (x, y) => x === y,
  notEqual: (x, y) => x !== y,
};

type Operation = (...xs: unknown[]) => Array;
const operations = np as unknown as Record<string, Operation>;

/** At once, recorded and compiled, and as a method: all the same. */
function everyWay(name: string, ...xs: Array[]): Array {
  const now = operations[name]!(...xs);
  expectClose(jit((...ys: Array[]) => operations[name]!(...ys))(...xs), now, 1e-15);
  const [x, ...rest] = xs;
  const method = (x as unknown as Record<string, Operation>)[name];
  if (method) expectSame(method.apply(x, rest), now);
  return now;
}

describe('entry by entry', () => {
  it.each(Object.entries(unary))('%s', (name, f) => {
    expectClose(everyWay(name, double(points)), points.map(f), 2e-16 * 4);
    const single = everyWay(name, np.array(points));
    expect(single.dtype).toBe('float32');
    expectClose(single, points.map(f), 2 ** -22);
  });

  it.each(Object.entries(binary))('%s, with shapes that broadcast', (name, f) => {
    const [x, y] = [
      [0.25, 1.5, 3],
      [[0.5], [2]],
    ];
    const expected = y.map(([b]) => x.map((a) => f(a, b!)));
    const result = everyWay(name, double(x), double(y));
    expect(result.shape).toEqual([2, 3]);
    expectClose(result, expected, 1e-15);
    expectClose(everyWay(name, double(1.5), double(0.5)), f(1.5, 0.5), 1e-15);
    expect(everyWay(name, np.zeros([0, 3]), np.ones([3])).shape).toEqual([0, 3]);
  });

  it.each(Object.entries(predicates))('%s', (name, f) => {
    const result = everyWay(name, double([1, 2, 3]), double(2));
    expect(result.dtype).toBe('bool');
    expect(result.toArray()).toEqual([1, 2, 3].map((x) => Number(f(x, 2))));
  });

  it('logical operations and where', () => {
    const [a, b] = [np.array(Uint8Array.of(1, 1, 0, 0)), np.array(Uint8Array.of(1, 0, 1, 0))];
    expect(np.logicalAnd(a, b).toArray()).toEqual([1, 0, 0, 0]);
    expect(np.logicalOr(a, b).toArray()).toEqual([1, 1, 1, 0]);
    expect(np.logicalNot(a).toArray()).toEqual([0, 0, 1, 1]);
    expect(np.where(a, [1, 2, 3, 4], 0).toArray()).toEqual([1, 2, 0, 0]);
    expect(np.where(a, double(1), 0).dtype).toBe('float64');
    expectSame(jit((p: Array, x: Array) => np.where(p, x, 0))(a, [1, 2, 3, 4]), [1, 2, 0, 0]);
  });

  it('NaN: in maximum and minimum, relu, comparisons', () => {
    const x = double([Number.NaN, 1]);
    for (const f of [np.maximum, np.minimum]) {
      expect(everyWay(f === np.maximum ? 'maximum' : 'minimum', x, double(0)).data[0]).toBeNaN();
      expect(f(double(0), x).data[0]).toBeNaN();
    }
    expect(everyWay('relu', x).data[0]).toBeNaN();
    expect(np.equal(x, x).toArray()).toEqual([0, 1]);
    expect(np.notEqual(x, x).toArray()).toEqual([1, 0]);
    expect(np.clip(double([-1, 0.5, 2]), 0, 1).toArray()).toEqual([0, 0.5, 1]);
  });

  it('whole powers take any sign, exactly', () => {
    expect(np.pow(double([-2, 3]), 3).toArray()).toEqual([-8, 27]);
    expect(np.pow(double([-2, 4]), -2).toArray()).toEqual([0.25, 0.0625]);
    expect(np.pow(double([-2, 0]), 0).toArray()).toEqual([1, 1]);
    expect(np.pow(double([-1, 2]), 10).toArray()).toEqual([1, 1024]);
    expect(np.pow(double([-1]), 0.5).data[0]).toBeNaN();
    expect(np.pow(np.array([10]), -2).toArray()).toEqual([Math.fround(0.01)]);
  });

  it('negative powers have derivatives wherever these are numbers of the dtype', () => {
    const power = (n: number) => (r: Array) => np.pow(r, n);
    for (const [n, r] of [
      [-12, 0.02],
      [-12, 15],
      [-12, 50],
      [-6, 1e-3],
      [-6, 1e4],
      [-3, 1e-8],
    ] as const) {
      const x = Math.fround(r);
      const first = n * x ** (n - 1);
      const second = n * (n - 1) * x ** (n - 2);
      expect(grad(power(n))(np.array(r)).item() / first).toBeCloseTo(1, 5);
      if (Math.abs(second) < 3e38) expect(grad(grad(power(n)))(np.array(r)).item() / second).toBeCloseTo(1, 5);
    }
  });

  it('the mean of equal numbers is that number', () => {
    for (let n = 1; n <= 200; n++) {
      for (const dtype of ['float32', 'float64'] as const) {
        const x = np.full([n], 0.75, { dtype });
        expect([np.mean(x).item(), jit((y: Array) => np.mean(y))(x).item(), np.std(x).item()]).toEqual([0.75, 0.75, 0]);
      }
    }
  });

  it('lists of booleans are booleans', () => {
    expect(np.where([true, false], [1, 2], [3, 4]).toArray()).toEqual([1, 4]);
    expect(np.logicalAnd([[true, false]], [[true, true]]).toArray()).toEqual([[1, 0]]);
    expect(jit((c: Array) => np.where(c, 1, 2))([true, false]).toArray()).toEqual([1, 2]);
  });

  it('one length stands for a shape', () => {
    expect(np.ones([2, 3]).reshape(-1).shape).toEqual([6]);
    expect(np.reshape([1, 2, 3], 3).shape).toEqual([3]);
    expect(np.ones([2]).reshape(2, 1).shape).toEqual([2, 1]);
  });

  it('an array of one number whose memory is written to has the new number, as longer ones have', () => {
    for (const n of [1, 2, 17]) {
      const memory = new Float64Array(n).fill(1);
      const weights = np.array(memory);
      const f = grad((x: Array) => np.square(x).mul(np.sum(weights)));
      expect(f(double(1)).item()).toBe(2 * n);
      memory.fill(10);
      expect(f(double(1)).item()).toBe(20 * n);
      expect(np.mul(weights, 1).toArray()).toEqual([...memory]);
    }
  });
});

describe('dtypes', () => {
  it('mixed precisions promote, plain numbers adopt the other side’s', () => {
    expect(np.add(np.ones([2]), double([1, 2])).dtype).toBe('float64');
    expect(np.add(np.ones([2]), 0.1).dtype).toBe('float32');
    expect(np.add(0.1, double([0])).item()).toBe(0.1);
    expect(np.add([0.1], double([0])).data[0]).toBe(0.1);
    expect(np.add(0.1, 0.2).dtype).toBe('float32');
  });

  it('conversions, also of traced values', () => {
    const f = (x: Array) => x.astype('float64').mul(x.greater(1).astype('float64'));
    for (const g of [f, jit(f)]) {
      const result = g(np.array([0.1, 1.1]));
      expect(result.dtype).toBe('float64');
      expect(result.toArray()).toEqual([0, Math.fround(1.1)]);
    }
    expect(jit((x: Array) => x.astype('float32'))(double([0.1])).toArray()).toEqual([Math.fround(0.1)]);
  });
});

describe('sums and products', () => {
  const A = double([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const way = (f: (...xs: Array[]) => Array, ...xs: Array[]) => {
    const now = f(...xs);
    expectClose(jit(f as never as (...ys: unknown[]) => Array)(...xs), now, 1e-15);
    return now.toArray();
  };

  it('sum and mean over axes', () => {
    expect(way((a) => np.sum(a), A)).toBe(21);
    expect(way((a) => np.sum(a, { axis: 0 }), A)).toEqual([5, 7, 9]);
    expect(way((a) => np.sum(a, { axis: -1, keepdims: true }), A)).toEqual([[6], [15]]);
    expect(way((a) => np.mean(a, { axis: [0, 1] }), A)).toBe(3.5);
    expect(way((a) => np.mean(a, { axis: 1 }), A)).toEqual([2, 5]);
    expect(way((a) => np.sum(a, { axis: [] }), A)).toEqual(A.toArray());
    expect(way((a) => np.sum(a, { axis: 0 }), np.zeros([0, 2], { dtype: 'float64' }))).toEqual([0, 0]);
  });

  it('dot', () => {
    expect(way(np.dot, double([1, 2, 3]), double([4, 5, 6]))).toBe(32);
    expect(way(np.dot, A, double([1, 0, -1]))).toEqual([-2, -2]);
    expect(way(np.dot, double([1, 2]), A)).toEqual([9, 12, 15]);
    expect(way(np.dot, double(2), A)).toEqual([
      [2, 4, 6],
      [8, 10, 12],
    ]);
    expect(np.dot(np.ones([2, 3, 4]), np.ones([5, 4, 6])).shape).toEqual([2, 3, 5, 6]);
  });

  it('matmul, with leading axes that broadcast', () => {
    expect(way(np.matmul, A, A.T)).toEqual([
      [14, 32],
      [32, 77],
    ]);
    expect(way(np.matmul, A, double([1, 1, 1]))).toEqual([6, 15]);
    expect(way(np.matmul, double([1, 1]), A)).toEqual([5, 7, 9]);
    const [X, Y] = [
      np.reshape(np.arange(0, 24, 1, { dtype: 'float64' }), [4, 2, 3]),
      np.reshape(np.arange(0, 12, 1, { dtype: 'float64' }), [1, 3, 4]),
    ];
    const product = np.matmul(X, Y);
    expect(product.shape).toEqual([4, 2, 4]);
    for (let i = 0; i < 4; i++) expectSame(product.at(i), np.matmul(X.at(i), Y.at(0)));
    expectSame(np.matmul(X, Y.at(0)), product);
    expectSame(jit(np.matmul)(X, Y), product);
    expect(np.matmul(np.ones([5, 1, 2, 3]), np.ones([4, 3, 2])).shape).toEqual([5, 4, 2, 2]);
  });

  it('einsum, outer, trace, diagonal, transpose', () => {
    const S = double([
      [1, 2],
      [3, 4],
    ]);
    expect(way((a, b) => np.einsum('ij,kj->ik', a, b), A, A)).toEqual([
      [14, 32],
      [32, 77],
    ]);
    expect(way((a, w) => np.einsum('ki,k,kj->ij', a, w, a), S, double([1, 10]))).toEqual([
      [91, 122],
      [122, 164],
    ]);
    expect(way((a) => np.einsum('ij->', a), A)).toBe(21);
    expect(way(np.outer, double([1, 2]), double([3, 4, 5]))).toEqual([
      [3, 4, 5],
      [6, 8, 10],
    ]);
    expect(way(np.trace, S)).toBe(5);
    expect(way(np.diagonal, S)).toEqual([1, 4]);
    expect(way((a) => np.transpose(a), A)).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(np.transpose(np.ones([2, 3, 4]), [1, -1, 0]).shape).toEqual([3, 4, 2]);
  });
});

describe('shapes', () => {
  const A = double([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const same = (f: (x: Array) => Array, expected: unknown) => {
    expect(f(A).toArray()).toEqual(expected);
    expect(jit(f)(A).toArray()).toEqual(expected);
  };

  it('reshape, ravel, squeeze, expandDims, broadcastTo', () => {
    same(
      (x) => x.reshape([3, -1]),
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    );
    same((x) => x.ravel(), [1, 2, 3, 4, 5, 6]);
    same((x) => x.reshape([1, 6, 1]).squeeze(), [1, 2, 3, 4, 5, 6]);
    same((x) => x.reshape([1, 6, 1]).squeeze(-1), [[1, 2, 3, 4, 5, 6]]);
    same((x) => x.expandDims(1).squeeze([1]), A.toArray());
    same(
      (x) => x.at(0, [0, 2]).broadcastTo([2, 2]),
      [
        [1, 2],
        [1, 2],
      ],
    );
  });

  it('at', () => {
    same((x) => x.at(1, 1), 5);
    same((x) => x.at(-1), [4, 5, 6]);
    same((x) => x.at(null, 0), [1, 4]);
    same(
      (x) => x.at(null, [1, null]),
      [
        [2, 3],
        [5, 6],
      ],
    );
    same((x) => x.at([0, 1], [-2, null]), [[2, 3]]);
    same((x) => x.at(0, [5, 9]), []);
    same((x) => x.slice([null, 1]), [[1, 2, 3]]);
  });

  it('concatenate and stack', () => {
    same(
      (x) => np.concatenate([x, x.at([0, 1])]),
      [
        [1, 2, 3],
        [4, 5, 6],
        [1, 2, 3],
      ],
    );
    same(
      (x) => np.concatenate([x, x.at(null, [0, 1])], -1),
      [
        [1, 2, 3, 1],
        [4, 5, 6, 4],
      ],
    );
    same(
      (x) => np.stack([x.at(0), x.at(1)], 1),
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    );
    same((x) => np.stack([x.at(0, 0), 7]), [1, 7]);
    expect(np.concatenate([np.ones([1]), double([2])]).dtype).toBe('float64');
  });
});

describe('large arrays, computed at once', () => {
  it('are what small ones are, entry by entry', () => {
    const n = 50_000;
    const x = double(globalThis.Array.from({ length: n }, (_, i) => Math.sin(i)));
    const f = (y: Array) => np.add(np.mul(y, 2), np.tanh(np.exp(y)));
    const whole = f(x);
    expect(whole.data[n - 1]).toBeCloseTo(2 * Math.sin(n - 1) + Math.tanh(Math.exp(Math.sin(n - 1))), 14);
    expectClose(whole.at([100, 200]), f(x.at([100, 200])), 1e-15);
    expect(np.sum(np.ones([n])).item()).toBe(n);
    const M = x.reshape([500, 100]);
    expectClose(np.matmul(M, M.T).at(3, 4), np.sum(np.mul(M.at(3), M.at(4))), 1e-14);
  });
});
