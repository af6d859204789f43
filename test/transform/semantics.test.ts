import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { jit } from '../../lib/transform/jit.js';
import { hvp, jvp, linearize, vjp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectClose } from '../support/close.js';

/** Calls whose types are beside the point. */
const loose = (f: unknown) => f as (...args: unknown[]) => unknown;
const double = (x: number | number[]) => np.array(x as number[], { dtype: 'float64' });
/** The structure of a tree, with shapes for arrays. */
const shapes = (x: unknown): unknown =>
  typeof (x as Array).item === 'function'
    ? (x as Array).shape
    : globalThis.Array.isArray(x)
      ? x.map(shapes)
      : Object.fromEntries(Object.entries(x as object).map(([k, v]) => [k, shapes(v)]));

const p = double([1, 2, 3]);
const q = double(2);
const identity = np.eye(3, { dtype: 'float64' });

describe('argnums', () => {
  const f = (x: Array, y: Array, s: Array) => np.sum(np.mul(np.sin(x), np.mul(y, s)));
  const [x, y, s] = [double([0.1, 0.2]), double([3, 4]), double(0.5)];

  it('a number gives a bare result, a list a list, even of one', () => {
    expect(shapes(grad(f)(x, y, s))).toEqual([2]);
    expect(shapes(grad(f, { argnums: [0] })(x, y, s))).toEqual([[2]]);
    expect(shapes(grad(f, { argnums: [2, 0] })(x, y, s))).toEqual([[], [2]]);
  });

  it('negative ones count from the end', () => {
    expectClose(grad(f, { argnums: -1 })(x, y, s), grad(f, { argnums: 2 })(x, y, s), 0);
    expectClose(loose(grad(f, { argnums: [-3, 1] }))(x, y, s), loose(grad(f, { argnums: [0, 1] }))(x, y, s), 0);
  });

  it('of Jacobians and Hessians: nested', () => {
    const g = (a: Array, b: Array) => np.mul(np.sum(np.mul(a, a)), np.sin(b));
    const at = [p, q] as const;
    expect(shapes(jacfwd(g, { argnums: [0, 1] })(...at))).toEqual([[3], []]);
    expect(shapes(jacrev(g, { argnums: [1, 0] })(...at))).toEqual([[], [3]]);
    expect(shapes(hessian(g, { argnums: [0, 1] })(...at))).toEqual([
      [[3, 3], [3]],
      [[3], []],
    ]);
    expect(shapes(hessianDiagonal(g, { argnums: [0, 1] })(...at))).toEqual([[3], []]);
    const H = hessian(g, { argnums: [0, 1] })(...at) as unknown as Array[][];
    expectClose(H[0]![1], np.mul(2 * Math.cos(2), p), 1e-15);
    expectClose(H[1]![0], H[0]![1], 0);
    expectClose(H[1]![1], -14 * Math.sin(2), 1e-15);
    // Summed over all arguments named.
    expectClose(laplacian(g, { argnums: [0, 1] })(...at), 6 * Math.sin(2) - 14 * Math.sin(2), 1e-15);
  });
});

describe('pytrees', () => {
  const f = (t: { p: Array; q: Array }) => np.mul(np.sum(np.mul(t.p, t.p)), np.exp(t.q));
  const at = { p, q };

  it('results are trees like the arguments', () => {
    expect(shapes(grad(f)(at))).toEqual({ p: [3], q: [] });
    expect(shapes(hessian(f)(at))).toEqual({ p: { p: [3, 3], q: [3] }, q: { p: [3], q: [] } });
    expect(shapes(hessianDiagonal(f)(at))).toEqual({ p: [3], q: [] });
    expect(shapes(valueGradHessian(f)(at))).toEqual({
      value: [],
      gradient: { p: [3], q: [] },
      hessian: { p: { p: [3, 3], q: [3] }, q: { p: [3], q: [] } },
    });
    const H = hessian(f)(at) as unknown as Record<string, Record<string, Array>>;
    expectClose(H.p!.p, np.mul(2 * Math.exp(2), identity), 1e-15);
    expectClose(H.q!.p, np.mul(2 * Math.exp(2), p), 1e-15);
  });

  it('out-tree outermost, then in-tree, then in-tree', () => {
    const g = (t: { a: Array; b: Array[] }) => ({ y: np.mul(t.a, t.b[0]!), z: [np.sum(t.b[1]!)] });
    const tree = { a: double([1, 2]), b: [q, double([1, 2, 3])] };
    expect(shapes(jacrev(g)(tree))).toEqual({
      y: { a: [2, 2], b: [[2], [2, 3]] },
      z: [{ a: [2], b: [[], [3]] }],
    });
    expect(shapes(jacfwd(g)(tree))).toEqual(shapes(jacrev(g)(tree)));
    expectClose(jacfwd(g)(tree), jacrev(g)(tree), 1e-15);
    expectClose(hessian(g)(tree), jacfwd(jacrev(g))(tree), 1e-15);
  });

  it('the tree of an argument may hold nested numbers, typed arrays, numbers', () => {
    const g = loose(grad(loose(f) as never));
    expect(shapes(g({ p: [1, 2, 3], q: 2 }))).toEqual({ p: [3], q: [] });
    expectClose(g({ p: Float64Array.of(1, 2, 3), q: 2 }), grad(f)(at), 1e-15);
  });

  it('u of shape [1] gives [1, 3, 3]; a whole batch [2, 1, 2, 3, 2, 3]', () => {
    const u = (x: Array) => np.sum(np.mul(x, np.mul(x, x)), { axis: -1, keepdims: true });
    expect(shapes(hessian(u)(p))).toEqual([1, 3, 3]);
    const batch = np.stack([p, np.mul(p, -1)]);
    const H = hessian(u)(batch) as Array;
    expect(H.shape).toEqual([2, 1, 2, 3, 2, 3]);
    expectClose(H.at(1, 0, 1, null, 1), np.mul(-6, np.mul(p.reshape([3, 1]), identity)), 1e-15);
    expectClose(H.at(0, 0, 1), np.zeros([3, 2, 3]), 0);
  });
});

describe('hasAux', () => {
  const f = (x: Array) => [np.sum(np.square(x)), { twice: np.mul(2, x), name: null }];

  it('beside the derivative, outside', () => {
    const aux = { twice: [3], name: {} };
    const simple = (x: unknown) => JSON.parse(JSON.stringify(x, (_, v) => (v === null ? {} : (v.shape ?? v))));
    expect(simple(loose(grad(f, { hasAux: true }))(p))).toEqual([[3], aux]);
    expect(simple(loose(valueAndGrad(f, { hasAux: true }))(p))).toEqual([[[], aux], [3]]);
    expect(simple(loose(hessian(f as never, { hasAux: true }))(p))).toEqual([[3, 3], aux]);
    expect(simple(loose(jacfwd(f as never, { hasAux: true }))(p))).toEqual([[3], aux]);
    expect(simple(loose(laplacian(f as never, { hasAux: true }))(p))).toEqual([[], aux]);
    expect(simple(loose(valueGradHessian(f, { hasAux: true }))(p))).toEqual([
      { value: [], gradient: [3], hessian: [3, 3] },
      aux,
    ]);
  });

  it('of mapped functions, per sample', () => {
    const [g, aux] = loose(vmap(grad(f, { hasAux: true }) as never))(np.stack([p, p])) as [Array, { twice: Array }];
    expect(g.shape).toEqual([2, 3]);
    expectClose(aux.twice, g, 0);
  });

  it('jvp', () => {
    const [y, t, aux] = jvp(f as never, [p] as never, [p] as never, { hasAux: true }) as unknown as [
      Array,
      Array,
      { twice: Array },
    ];
    expect([y.item(), t.item()]).toEqual([14, 28]);
    expectClose(aux.twice, np.mul(2, p), 0);
  });
});

describe('jvp, vjp, linearize, hvp', () => {
  const f = (x: Array, y: Array) => ({ s: np.sum(np.mul(x, y)), v: np.sin(x) });
  const y = double([4, 5, 6]);

  it('jvp', () => {
    const [value, tangent] = jvp(f, [p, y], [y, p]);
    expectClose(value, { s: 32, v: np.sin(p) }, 1e-15);
    expectClose(tangent, { s: 77 + 14, v: np.mul(np.cos(p), y) }, 1e-15);
  });

  it('vjp', () => {
    const [value, pull] = vjp(f, p, y);
    expectClose(value, f(p, y), 1e-15);
    expectClose(pull({ s: 2, v: p }), [np.add(np.mul(2, y), np.mul(np.cos(p), p)), np.mul(2, p)], 1e-15);
  });

  it('linearize, and of grad: Hessian-vector products at one point', () => {
    const u = (x: Array) => np.sum(np.mul(x, np.mul(x, x)));
    const [g, along] = linearize(grad(u), p);
    expectClose(g, np.mul(3, np.square(p)), 1e-15);
    for (const v of [y, p]) {
      expectClose(along(v as never), np.mul(6, np.mul(p, v)), 1e-15);
      expectClose(hvp(u, [p], [v]), np.mul(6, np.mul(p, v)), 1e-15);
    }
  });

  it('hvp of several arguments is a list', () => {
    const u = (a: Array, b: Array) => np.mul(np.sum(np.square(a)), b);
    expectClose(hvp(u, [p, q], [y, q]), [np.add(np.mul(4, y), np.mul(4, p)), 2 * 32], 1e-15);
  });

  it('inside a trace: each of them differentiated again', () => {
    const u = (x: Array) => np.sum(np.sin(x));
    const along = (x: Array) => np.sum(hvp(u, [x], [y]) as Array);
    expectClose(grad(along)(p), np.mul(-1, np.mul(np.cos(p), y)), 1e-14);
    const pulled = (x: Array) => np.sum(vjp((z: Array) => np.square(z), x)[1](x)[0] as Array);
    expectClose(grad(pulled)(p), np.mul(4, p), 1e-15);
    const linear = (x: Array) => np.sum(linearize((z: Array) => np.square(z), x)[1](x as never));
    expectClose(grad(linear)(p), np.mul(4, p), 1e-15);
  });
});

describe('functions without influence', () => {
  it('constants have derivative 0', () => {
    const constant = (_x: Array) => np.array([1, 2], { dtype: 'float64' });
    expectClose(jacfwd(constant)(p), np.zeros([2, 3]), 0);
    expectClose(jacrev(constant)(p), np.zeros([2, 3]), 0);
    expectClose(hessian(constant)(p), np.zeros([2, 3, 3]), 0);
    expectClose(laplacian(constant)(p), np.zeros([2]), 0);
    expectClose(grad((_x: Array) => double(3))(p), np.zeros([3]), 0);
    expectClose(grad((x: Array, _y: Array) => np.sum(x), { argnums: 1 })(p, p), np.zeros([3]), 0);
    expectClose(hessian((x: Array) => np.sum(x))(p), np.zeros([3, 3]), 0);
    expect(loose(valueAndGrad(() => 3))(p)).toMatchObject([{ shape: [] }, { shape: [3] }]);
  });

  it('the identity', () => {
    expectClose(jacfwd((x: Array) => x)(p), identity, 0);
    expectClose(jacrev((x: Array) => x)(p), identity, 0);
    expectClose(vmap((x: Array) => x)(p), p, 0);
    expectClose(jit((x: Array) => x)(p), p, 0);
    expectClose(grad((x: Array) => x)(q), 1, 0);
  });

  it('powers that are constants or lines have no curvature, at 0 too', () => {
    const f = (x: Array) => np.sum(np.pow(x, [0, 1, 2, 3]));
    for (const [x, first, second] of [
      [0, 1, 2],
      [1.5, 1 + 3 + 3 * 2.25, 2 + 9],
    ]) {
      expectClose(grad(f)(double(x!)), double(first!), 1e-14);
      expectClose(hessian(f)(double(x!)), double(second!), 1e-14);
    }
  });
});

describe('mixed precision', () => {
  it('a derivative has the dtype of what it is taken in', () => {
    const W = np.reshape(double([1, 2, 3, 4, 5, 6, 7, 8]), [2, 4]);
    const u = (x: Array) => np.sum(np.sin(np.matmul(x, x.shape[0] === 2 ? W : W.T)));
    for (const x of [np.array([0.1, 0.2]), np.array([0.1, 0.2, 0.3, 0.4])]) {
      const entry = (y: Array) => grad(u)(y).at(0);
      for (const derivative of [grad(u), hessian(u), hessianDiagonal(u), grad(entry), jacfwd(grad(u))])
        expect(derivative(x).dtype).toBe('float32');
      expectClose(grad(entry)(x), hessian(u)(x).at(0), 1e-6);
      const blocks = jacrev((_: Array, y: Array) => np.sum(np.sin(y)), { argnums: [0, 1] })(x, p);
      expect(blocks.map(({ dtype }) => dtype)).toEqual(['float32', 'float64']);
    }
  });
});

describe('what samples share', () => {
  it('a derivative in it may leave vmap once, not once for each sample', () => {
    const shared = () => grad((w: Array) => np.sum(np.square(w)))(p);
    const [dots, gradient] = vmap((x: Array) => [np.dot(x, shared()), shared()], 0, [0, null])(
      np.ones([4, 3]),
    ) as Array[];
    expectClose(dots!, np.full([4], 12), 1e-6);
    expectClose(gradient!, double([2, 4, 6]), 0);
  });
});
