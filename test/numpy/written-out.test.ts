import { explain, grad, hessian, makeGraph, numpy as np } from 'nabla';
import { expect, test } from 'vitest';

const f = (x: np.Array) => np.sum(np.sin(x.mul([2, 1]).sub([1, -0])));

test('equal lists in a formula are one constant, so that what depends on them is computed once', () => {
  const twice = (x: np.Array) => x.mul([2, 3]).add(x.mul([2, 3]));
  expect(makeGraph(twice)(np.ones(2))).toBe(
    makeGraph((x: np.Array) => {
      const y = x.mul([2, 3]);
      return y.add(y);
    })(np.ones(2)),
  );
  const both = (x: np.Array) => grad(f)(x).add(hessian(f)(x).at(0));
  const shared = np.array([2, 1]);
  const g = (x: np.Array) => np.sum(np.sin(x.mul(shared).sub(1)));
  expect(explain(both)(np.ones(2)).flops).toBeLessThanOrEqual(
    explain((x: np.Array) => grad(g)(x).add(hessian(g)(x).at(0)))(np.ones(2)).flops + 10,
  );
});

test('lists that differ in a sign of zero, a dtype or the nesting are different constants', () => {
  const reciprocals = (x: np.Array) => [np.div(x, [0, 0]), np.div(x, [-0, 0]), np.div(x, [[-0, 0]])];
  const [a, b, c] = reciprocals(np.ones(2));
  expect(a!.toArray()).toEqual([Infinity, Infinity]);
  expect(b!.toArray()).toEqual([-Infinity, Infinity]);
  expect(c!.toArray()).toEqual([[-Infinity, Infinity]]);
  for (const dtype of ['float32', 'float64'] as const) {
    const value = grad((x: np.Array) => np.sum(x.mul([0.1, 0.2])))(np.ones(2, { dtype }));
    expect(value.dtype).toBe(dtype);
    expect(value.data[0]).toBe(dtype === 'float32' ? Math.fround(0.1) : 0.1);
  }
});

test('a result does not share memory with a list of an earlier formula', () => {
  const g = grad((x: np.Array) => np.sum(x.mul([5, 7])));
  const first = g(np.ones(2));
  (first.data as Float32Array)[0] = 99;
  expect(g(np.ones(2)).toArray()).toEqual([5, 7]);
  (np.add([5, 7], 0).data as Float32Array)[0] = 99;
  expect(g(np.ones(2)).toArray()).toEqual([5, 7]);
});
