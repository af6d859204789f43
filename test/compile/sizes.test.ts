import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectClose, expectSame } from '../support/close.js';
import { network } from '../support/random-network.js';
import { interpreted, native } from '../support/routes.js';
import { slow } from '../support/runs.js';

type Model = (params: nn.ParamsLike, x: Array) => unknown;

const wrtX = { argnums: 1 } as const;
const batched = (f: Model) => vmap(f, [null, 0]) as (params: nn.ParamsLike, X: Array) => Array;

/** Sums of up to 300 products, in 3 layers forward and back: 300·2⁻⁵³·6, of at most some 5 times the largest result. */
const TOLERANCE = 1e-12;
/** The same in float32: 300·2⁻²⁴·6 would be 1e-4; roundings of either sign leave some √300 of 300. */
const TOLERANCE32 = 2e-5;

describe('samples', () => {
  const { apply, u, params, points } = network([20, 20, 1], 3);
  const rows = (X: Array, indices: number[]) => np.stack(indices.map((i) => X.at(i)));

  it.each([1, 31, 32, 33, 63, 64, 65])('N = %i', (N) => {
    const X = points(N);
    for (const f of [batched(apply), batched(hessian(u, wrtX)), batched(laplacian(u, wrtX)), apply]) {
      expectClose(native(f)(params, X), interpreted(f)(params, X), TOLERANCE, 1);
    }
    const loss = (p: nn.ParamsLike) => np.mean(np.square(batched(laplacian(u, wrtX))(p, X)));
    expectClose(native(valueAndGrad(loss))(params), interpreted(valueAndGrad(loss))(params), TOLERANCE, 1);
  });

  it('N = 0: results of the right shapes without entries, and sums that are 0', () => {
    const X = np.zeros([0, 3], { dtype: 'float64' });
    expect(apply(params, X).shape).toEqual([0, 1]);
    expect(batched(apply)(params, X).shape).toEqual([0, 1]);
    expect(batched(grad(u, wrtX))(params, X).shape).toEqual([0, 3]);
    expect(batched(hessian(u, wrtX))(params, X).shape).toEqual([0, 3, 3]);
    expect(batched(laplacian(u, wrtX))(params, X).shape).toEqual([0]);
    const total = (p: nn.ParamsLike) => np.sum(batched(u)(p, X));
    const [value, gradient] = valueAndGrad(total)(params as never) as unknown as [
      Array,
      { params: Record<string, { kernel: Array }> },
    ];
    expect(value.item()).toBe(0);
    expect(gradient.params.Dense_0!.kernel.shape).toEqual([3, 20]);
    expect([...gradient.params.Dense_0!.kernel.data].every((x) => x === 0)).toBe(true);
  });

  it.each(['float32', 'float64'] as const)('N = 100,003, %s: every sample is what it is in a small batch', (dtype) => {
    const large = network([20, 20, 1], 3, { dtype });
    const N = 100_003;
    const X = large.points(N);
    const indices = [0, 1, 31, 32, 4095, 4096, 50_000, N - 4, N - 3, N - 2, N - 1];
    const all = batched(valueGradHessian(large.u, wrtX)) as unknown as (
      p: nn.ParamsLike,
      X: Array,
    ) => Record<string, Array>;
    const whole = all(large.params, X);
    const part = all(large.params, rows(X, indices));
    expect(whole.hessian!.shape).toEqual([N, 3, 3]);
    for (const name of ['value', 'gradient', 'hessian']) expectSame(rows(whole[name]!, indices), part[name]);
  });

  it('N = 100,003: the mean over the batch and its gradient, against chunks', () => {
    const N = 100_003;
    const X = points(N);
    const sum = (p: nn.ParamsLike, Y: Array) => np.sum(np.square(batched(u)(p, Y)));
    const whole = valueAndGrad(sum)(params as never, X) as unknown as [Array, nn.ParamsLike];
    const chunks = [
      [0, 33_333],
      [33_333, 70_000],
      [70_000, N],
    ].map(([from, to]) => valueAndGrad(sum)(params as never, X.at([from!, to!])));
    const added = (chunks as unknown as (typeof whole)[]).reduce(([v, g], [w, h]) => [np.add(v, w), sumOfTrees(g, h)]);
    // Chunks of some 1000 blocks added in another order.
    expectClose(whole, added, 1e-12, 1);
  });
});

/** The sum of two trees of parameters. */
function sumOfTrees(a: nn.ParamsLike, b: nn.ParamsLike): nn.ParamsLike {
  const sum = (x: unknown, y: unknown): unknown =>
    'shape' in (x as object)
      ? np.add(x as Array, y as Array)
      : Object.fromEntries(
          Object.keys(x as object).map((k) => [
            k,
            sum((x as Record<string, unknown>)[k], (y as Record<string, unknown>)[k]),
          ]),
        );
  return sum(a, b) as nn.ParamsLike;
}

describe('inputs', () => {
  const all = globalThis.Array.from({ length: 40 }, (_, i) => i + 1);
  const some = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 21, 31, 32, 33, 40];

  it.each(slow ? all : some)('d = %i, narrower and wider than the first layer, one output and five', (d) => {
    for (const features of [
      [20, 7, 1],
      [20, 5],
    ]) {
      const { apply, params, points } = network(features, d);
      const X = points(3);
      for (const f of [batched(hessian(apply, wrtX)), batched(jacrev(apply, wrtX))]) {
        expectClose(native(f)(params, X), interpreted(f)(params, X), TOLERANCE, 1);
      }
      const nested = batched(jacfwd(jacrev(apply, wrtX), wrtX));
      expectClose(batched(hessian(apply, wrtX))(params, X), nested(params, X), TOLERANCE, 1);
    }
  });
});

describe('widths', () => {
  it.each([1, 3, 20, 65, 300])('n = %i, one output and five', (n) => {
    for (const [features, d] of [
      [[n, n, 1], 3],
      [[n, n, 5], 3],
      [[n, 3, n, 1], 2],
      [[3, n, 1], 5],
    ] as const) {
      const { apply, params, points } = network(features, d);
      const X = points(2);
      for (const f of [batched(apply), batched(hessian(apply, wrtX)), batched(jacfwd(apply, wrtX))]) {
        const expected = interpreted(f)(params, X);
        expectClose(native(f)(params, X), expected, TOLERANCE, 1);
      }
      const single = network(features, d, { dtype: 'float32' });
      const f = batched(hessian(single.apply, wrtX));
      expectClose(f(single.params, single.points(2)), interpreted(f)(single.params, single.points(2)), TOLERANCE32, 1);
    }
  });

  it.each([1, 3, 65, 300])('n = %i: gradients of a loss in the parameters', (n) => {
    const { apply, params, points } = network([n, n, 5], 3);
    const X = points(33);
    const loss = (p: nn.ParamsLike) => np.mean(np.square(apply(p, X)));
    expectClose(native(grad(loss))(params), interpreted(grad(loss))(params), TOLERANCE, 1);
  });
});
