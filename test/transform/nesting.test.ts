import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, laplacian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { jit } from '../../lib/transform/jit.js';
import { jvp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectClose, expectSame } from '../support/close.js';
import { network } from '../support/random-network.js';
import { interpreted, native } from '../support/routes.js';

const double = (x: number | number[]) => np.array(x as number[], { dtype: 'float64' });
const wrtX = { argnums: 1 } as const;

describe('perturbation confusion', () => {
  it('an inner derivative does not see the outer variable', () => {
    // d/dx [x · d/dy (x + y)] = 1, where confusing the two variables would give 2.
    const f = (x: Array) => np.mul(x, grad((y: Array) => np.add(x, y))(double(1)));
    expect(grad(f)(double(3)).item()).toBe(1);
    const g = (x: Array) => np.mul(x, jvp((y: Array) => np.mul(x, y), [double(2)], [double(1)])[1] as Array);
    expect(grad(g)(double(3)).item()).toBe(6);
    expect((jvp(f, [double(3)], [double(1)])[1] as Array).item()).toBe(1);
  });

  it('the same value as inner and outer variable', () => {
    // d/dx [∂/∂y (x y³)]_{y = x} = d/dx 3x³ = 9x²
    const f = (x: Array) => grad((y: Array) => np.mul(x, np.pow(y, 3)))(x);
    expect(grad(f)(double(2)).item()).toBe(36);
    const h = (x: Array) => hessian((y: Array) => np.mul(x, np.pow(y, 3)))(x) as Array; // 6 x y at y = x
    expect(grad(h)(double(2)).item()).toBe(24);
    expect(hessian(h)(double(2))).toMatchObject({ shape: [] });
  });

  it('hessian inside grad inside vmap, over captured values', () => {
    const X = double([0.5, 1, 1.5]);
    const f = (x: Array) => np.mul(x, hessian((y: Array) => np.mul(np.square(x), np.sin(y)))(x) as Array); // −x³ sin x
    const expected = [...X.data].map((x) => -3 * x * x * Math.sin(x) - x ** 3 * Math.cos(x));
    expectClose(vmap(grad(f))(X), expected, 1e-14);
  });
});

describe('gradients of gradients', () => {
  const u = (t: Array, x: Array) => np.mul(np.sin(np.mul(3, x)), np.exp(np.mul(t, x)));
  const [t, x] = [double(0.3), double(0.7)];

  it('in one number: u_xx, u_xt, u_xxx', () => {
    const ux = grad(u, { argnums: 1 });
    const uxx = grad(ux, { argnums: 1 });
    const H = hessian(u, { argnums: [0, 1] })(t, x);
    expectClose(uxx(t, x), H[1][1], 1e-14);
    expectClose(grad(ux, { argnums: 0 })(t, x), H[0][1], 1e-14);
    expectClose(
      grad(uxx, { argnums: 1 })(t, x),
      jacfwd(jacfwd(jacfwd(u, { argnums: 1 }), { argnums: 1 }), { argnums: 1 })(t, x),
      1e-13,
    );
  });

  it.each([2, 3, 4])('rows of the Hessian, with d = %i entries', (d) => {
    const f = (z: Array) => np.sum(np.mul(np.sin(np.mul(2, z)), np.exp(np.sum(z))));
    const z = np.sin(np.arange(1, d + 1, { dtype: 'float64' }));
    const H = jacfwd(jacfwd(f))(z) as Array;
    for (let k = 0; k < d; k++) {
      expectClose(grad((y: Array) => (grad(f)(y) as Array).at(k))(z), H.at(k), 1e-13);
      const block = (y: Array) => np.reshape((grad(f)(y) as Array).at([0, k + 1]), [k + 1, 1]).at(-1, 0);
      expectClose(grad(block)(z), H.at(k), 1e-13);
    }
  });

  it('of a function that x gets into by another way too', () => {
    // ∂/∂v x² v³ at v = x is 3x⁴, whose derivative is 12x³; with x in the closure held it would be 6x³.
    const f = (x: Array) => grad((v: Array) => np.mul(np.square(x), np.pow(v, 3)))(x);
    expect(grad(f)(double(2)).item()).toBe(96);
    // Not the copy itself, but something made of it.
    const g = (x: Array) => grad((v: Array) => np.pow(v, 3))(np.mul(2, x)); // 12x²
    expect(grad(g)(double(2)).item()).toBe(48);
  });

  it.each(['rows that know nothing of each other', 'rows that do'])('of whole batches: %s', (rows) => {
    const W = np.sin(np.arange(1, 9, { dtype: 'float64' })).reshape([2, 4]);
    const X = np.cos(np.arange(1, 11, { dtype: 'float64' })).reshape([5, 2]);
    const all = (V: Array) => np.sin(np.matmul(V, W));
    const f = (V: Array) =>
      rows === 'rows that do' ? np.sum(np.mul(all(V), np.sum(all(V), { axis: 0 }))) : np.sum(np.square(all(V)));
    for (const k of [0, 1]) {
      const column = (V: Array) => np.sum((grad(f)(V) as Array).at(null, k));
      const H = jacfwd(jacfwd(f))(X) as Array; // [n, i, m, j]
      expectClose(grad(column)(X), np.sum(H, { axis: 0 }).at(k), 1e-12);
      const mean = (V: Array) => np.mean((grad(f)(V) as Array).at(null, k));
      expectClose(grad(mean)(X), np.mul(np.sum(H, { axis: 0 }).at(k), 0.2), 1e-12);
    }
  });

  it('of whole batches of which every sample has rows of its own', () => {
    const W = np.sin(np.arange(1, 9, { dtype: 'float64' })).reshape([2, 4]);
    const f = (x: Array) => {
      const [a, b] = [np.sin(np.reciprocal(np.add(x, 2))), np.exp(np.tanh(x))];
      return np.sum(np.add(np.sin(np.matmul(np.sin(np.outer(a, a)), W)), np.sum(b)));
    };
    const X = np.cos(np.arange(1, 5, { dtype: 'float64' })).reshape([2, 2]);
    const column = (Y: Array) => np.sum((grad((Z: Array) => np.sum(vmap(f)(Z)))(Y) as Array).at(null, 1));
    expectClose(grad(column)(X), (vmap(hessian(f))(X) as Array).at(null, 1), 1e-12);
  });

  it('of what does not bend is zero', () => {
    const f = (x: Array) => grad((v: Array) => np.mul(v, t))(x);
    expect(grad(f)(x).item()).toBe(0);
  });
});

describe('closures', () => {
  it('arrays and traced values of outer functions', () => {
    const A = np.array(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'float64' },
    );
    const f = (x: Array) => {
      const y = np.sin(x);
      return np.sum(vmap((row: Array) => np.dot(row, y))(A));
    };
    const x = double([0.1, 0.2]);
    expectClose(grad(f)(x), np.mul(double([4, 6]), np.cos(x)), 1e-15);
  });

  it('a captured array is read at every call, also after another of the same shape', () => {
    const call = (c: number) => grad((x: Array) => np.sum(np.mul(x, double([c, 2 * c]))))(double([1, 1]));
    expectClose(call(1), [1, 2], 0);
    expectClose(call(5), [5, 10], 0);
  });

  it('large captured arrays', () => {
    const big = np.reshape(np.arange(0, 10_000, 1, { dtype: 'float64' }), [100, 100]);
    const f = (x: Array) => np.sum(np.matmul(big, np.sin(x)));
    const x = np.zeros([100], { dtype: 'float64' });
    expectClose(grad(f)(x), np.sum(big, { axis: 0 }), 1e-15);
  });
});

describe('third and fourth derivatives', () => {
  const { u, params, points } = network([7, 6, 1], 2);
  const batched = (f: unknown) =>
    vmap(f as (p: nn.ParamsLike, x: Array) => Array, [null, 0]) as (p: nn.ParamsLike, X: Array) => Array;
  const X = points(3);

  it('jacfwd of hessian, all orders of nesting', () => {
    const third = batched(jacfwd(hessian(u, wrtX) as never, wrtX))(params, X);
    expect(third.shape).toEqual([3, 2, 2, 2]);
    for (const other of [
      jacrev(hessian(u, wrtX) as never, wrtX),
      hessian(grad(u, wrtX) as never, wrtX),
      jacfwd(jacfwd(jacfwd(u, wrtX) as never, wrtX) as never, wrtX),
    ]) {
      expectClose(batched(other)(params, X), third, 1e-12);
    }
  });

  it('the Laplacian of a Laplacian = the double trace of the fourth derivative', () => {
    const biharmonic = batched(laplacian(laplacian(u, wrtX) as never, wrtX))(params, X);
    const fourth = batched(jacfwd(jacrev(jacfwd(jacrev(u, wrtX) as never, wrtX) as never, wrtX) as never, wrtX))(
      params,
      X,
    );
    expectClose(biharmonic, np.einsum('niijj->n', fourth), 1e-11);
    expectClose(batched(hessian(hessian(u, wrtX) as never, wrtX))(params, X), fourth, 1e-11);
    const polynomial = (x: Array) => np.mul(np.pow(x.at(0), 4), np.pow(x.at(1), 4));
    const [a, b] = [0.5, -1.5];
    expectClose(
      laplacian(laplacian(polynomial))(double([a, b])),
      24 * b ** 4 + 24 * a ** 4 + 2 * 144 * a * a * b * b,
      1e-14,
    );
  });

  it('the gradient in the parameters of third derivatives', () => {
    const loss = (p: nn.ParamsLike) => np.mean(np.square(batched(jacfwd(laplacian(u, wrtX) as never, wrtX))(p, X)));
    expectClose(native(grad(loss))(params), interpreted(grad(loss))(params), 1e-11, 1e-3);
    const nudge = (h: number) => {
      const { Dense_0, ...rest } = params.params as Record<string, { kernel: Array; bias: Array }>;
      const shifted = np.add(Dense_0!.bias, np.mul(h, double([1, 0, 0, 0, 0, 0, 0])));
      return loss({ params: { ...rest, Dense_0: { kernel: Dense_0!.kernel, bias: shifted } } }).item();
    };
    const h = 1e-3; // truncation h⁴, rounding 1e-16/h
    const slope = (8 * (nudge(h) - nudge(-h)) - (nudge(2 * h) - nudge(-2 * h))) / (12 * h);
    const g = grad(loss)(params) as unknown as { params: Record<string, { bias: Array }> };
    expectClose(g.params.Dense_0!.bias.at(0), slope, 1e-7);
  });
});

describe('maps inside maps', () => {
  const X = np.array(
    [
      [0, 1],
      [2, 3],
      [4, 6],
    ],
    { dtype: 'float64' },
  );
  const Y = np.array(
    [
      [1, 1],
      [0, 2],
      [5, 5],
      [2, 1],
    ],
    { dtype: 'float64' },
  );
  const k = (x: Array, y: Array) => np.exp(np.mul(-0.1, np.sum(np.square(np.sub(x, y)))));
  const entry = (x: number[], y: number[]) => Math.exp(-0.1 * ((x[0]! - y[0]!) ** 2 + (x[1]! - y[1]!) ** 2));
  const rows = (a: Array) => a.toArray() as number[][];
  const gram = (x: Array, y: Array) => vmap((a: Array) => vmap((b: Array) => k(a, b))(y))(x);

  it('pairwise kernels', () => {
    expectClose(
      gram(X, Y),
      rows(X).map((x) => rows(Y).map((y) => entry(x, y))),
      1e-15,
    );
    expectClose(
      gram(X, X),
      rows(X).map((x) => rows(X).map((y) => entry(x, y))),
      1e-15,
    );
    expectClose(vmap(vmap(k, [null, 0]), [0, null])(X, Y), gram(X, Y), 1e-15);
    expectClose(vmap(vmap(k, [0, null]), [null, 0])(X, Y), gram(X, Y).T, 1e-15);
  });

  it('pairwise kernels and their derivatives, of a set with itself', () => {
    for (const f of [k, grad(k), hessian(k)] as ((x: Array, y: Array) => Array)[]) {
      const pairs = (x: Array, y: Array) => vmap(vmap(f, [null, 0]), [0, null])(x, y);
      expectClose(native(pairs)(X, X), interpreted(pairs)(X, X), 1e-14);
      const loop = np.stack(rows(X).map((x) => np.stack(rows(X).map((y) => f(double(x), double(y))))));
      expectClose(pairs(X, X), loop, 1e-14);
    }
  });

  it('a derivative of a sum over pairs, in the whole array', () => {
    const energy = (Z: Array) => np.sum(gram(Z, Z));
    const expected = rows(X).map((x) =>
      rows(X).reduce((total, y) => total.map((t, i) => t - 0.4 * (x[i]! - y[i]!) * entry(x, y)), [0, 0]),
    );
    expectClose(grad(energy)(X), expected, 1e-13);
  });

  it('samples times all samples: matrix products with the whole of a mapped result', () => {
    const g = (x: Array) => np.sin(np.mul(2, x));
    const all = vmap(g)(X);
    const f = (Z: Array) => {
      const W = vmap(g)(Z);
      return vmap((z: Array) => np.matmul(W, np.cos(z)))(Z);
    };
    expectClose(f(X), np.matmul(np.cos(X), all.T), 1e-15);
    expectClose(jit(f)(X), np.matmul(np.cos(X), all.T), 1e-15);
    expectClose(
      grad((Z: Array) => np.sum(np.square(f(Z))))(X),
      interpreted(grad((Z: Array) => np.sum(np.square(f(Z)))))(X),
      1e-14,
    );
  });

  it('centred samples: every sample less the mean', () => {
    const f = (Z: Array) => {
      const centre = np.mean(vmap(np.sin)(Z), { axis: 0 });
      return vmap((z: Array) => np.sum(np.square(np.sub(np.sin(z), centre))))(Z);
    };
    const S = np.sin(X);
    const expected = np.sum(np.square(np.sub(S, np.mean(S, { axis: 0 }))), { axis: 1 });
    expectClose(f(X), expected, 1e-15);
    expectClose(jit(f)(X), expected, 1e-15);
    expectClose(jit(jacrev(f))(X), jacfwd(f)(X), 1e-14);
  });

  it('ensembles: a map over parameters, and over samples', () => {
    const members = [1, 2, 3].map((i) => np.mul(0.1 * i, network([5, 1], 2).points(10, i)));
    const W = np.stack(members.map((m) => np.reshape(m, [2, 10])));
    const f = (w: Array, x: Array) => np.sum(np.tanh(np.matmul(x, w)));
    const ensemble = vmap(vmap(hessian(f, wrtX) as (w: Array, x: Array) => Array, [null, 0]), [0, null]);
    const H = ensemble(W, X);
    expect(H.shape).toEqual([3, 3, 2, 2]);
    for (let i = 0; i < 3; i++)
      expectClose(H.at(i), vmap(hessian(f, wrtX) as (w: Array, x: Array) => Array, [null, 0])(W.at(i), X), 1e-14);
    const each = vmap(vmap(f, [null, 0]))(W, np.stack([X, X, X]));
    expectClose(each, vmap(vmap(f, [null, 0]), [0, null])(W, X), 1e-15);
    const loss = (w: Array) => np.sum(np.square(vmap(vmap(f, [null, 0]), [0, null])(w, X)));
    expectClose(grad(loss)(W), interpreted(grad(loss))(W), 1e-14);
  });

  it('three levels, a transform between each', () => {
    const f = (a: Array, b: Array, c: Array) => np.mul(np.sin(np.mul(a, b)), np.exp(np.mul(a, c)));
    const [A, B, C] = [double([0.1, 0.2]), double([1, 2, 3]), double([0.5, 1, 1.5, 2])];
    const inner = vmap(grad(f), [null, null, 0]);
    const middle = vmap((a: Array, b: Array) => inner(a, b, C), [null, 0]);
    const outer = vmap((a: Array) => middle(a, B));
    const result = jit(outer)(A);
    expect(result.shape).toEqual([2, 3, 4]);
    const g = (a: number, b: number, c: number) => Math.exp(a * c) * (b * Math.cos(a * b) + c * Math.sin(a * b));
    expectClose(
      result,
      [...A.data].map((a) => [...B.data].map((b) => [...C.data].map((c) => g(a, b, c)))),
      1e-14,
    );
    expectSame(outer(A), result);
  });
});
