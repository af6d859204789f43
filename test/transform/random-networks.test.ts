import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { jit } from '../../lib/transform/jit.js';
import { hvp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { map } from '../../lib/tree/tree.js';
import { expectClose, expectSame, largest } from '../support/close.js';
import { type Network, networks } from '../support/random-network.js';
import { afterEveryPass, interpreted, native } from '../support/routes.js';
import { runs } from '../support/runs.js';

const check = (numRuns: number, property: (network: Network) => void, outputs = 3) =>
  fc.assert(fc.property(networks(outputs), property), { numRuns: runs(numRuns) });

const wrtX = { argnums: 1 } as const;
const batched = (f: (params: nn.ParamsLike, x: Array) => unknown) =>
  vmap(f, [null, 0]) as (params: nn.ParamsLike, X: Array) => Array;

/**
 * Sums of n ≤ 9 products in another order differ by at most n·2⁻⁵³ of the sum of absolute values, here at most some 3 times
 * the largest result, in each of up to 4 layers forward and back: 9·2⁻⁵³·3·8 < 3e-14.
 */
const TOLERANCE = 1e-13;

describe('random networks', () => {
  it('native = interpreter', () => {
    check(12, ({ apply, u, params, points }) => {
      const X = points(5);
      for (const f of [
        batched(apply),
        batched(jacfwd(apply, wrtX)),
        batched(hessian(apply, wrtX)),
        batched(laplacian(u, wrtX)),
      ]) {
        expectClose(native(f)(params, X), interpreted(f)(params, X), TOLERANCE, 1);
      }
    });
  });

  it('forward = reverse, contracted = nested, in inputs and in parameters', () => {
    check(12, ({ apply, u, params, points }) => {
      const X = points(3);
      expectClose(batched(jacrev(apply, wrtX))(params, X), batched(jacfwd(apply, wrtX))(params, X), TOLERANCE, 1);
      const nested = batched(jacfwd(jacrev(apply, wrtX), wrtX))(params, X);
      expectClose(batched(hessian(apply, wrtX))(params, X), nested, TOLERANCE, 1);
      const x = X.at(0);
      expectClose(jacfwd(u)(params, x), grad(u)(params, x), TOLERANCE, 1);
    });
  });

  it('Hessians in the parameters, in-tree over in-tree', () => {
    const small = networks(1).filter(({ features, d }) => features.length <= 2 && d <= 3 && (features[0] ?? 0) <= 4);
    const property = fc.property(small, ({ u, params, points }) => {
      const x = points(1).at(0);
      expectClose(hessian(u)(params, x), jacfwd(grad(u))(params, x), TOLERANCE, 1);
    });
    fc.assert(property, { numRuns: runs(6) });
  });

  it('Hessians of one output are symmetric to the bit', () => {
    check(12, ({ u, params, points, d }) => {
      const H = batched(hessian(u, wrtX))(params, points(9));
      const transposed = np.transpose(H, [0, 2, 1]);
      expectSame(H, transposed);
      expect(H.shape).toEqual([9, d, d]);
      const captured = vmap(hessian((x: Array) => u(params, x)))(points(9)) as Array;
      expectSame(captured, np.transpose(captured, [0, 2, 1]));
      const single = hessian(u, wrtX)(params, points(1).at(0)) as Array;
      expectSame(single, single.T);
    });
  });

  it('the Laplacian is the trace, hessianDiagonal the diagonal, hvp the product, of the Hessian', () => {
    check(12, ({ u, params, points, d }) => {
      const [X, V, W] = [points(4, 1), points(4, 2), points(4, 3)];
      const H = batched(hessian(u, wrtX))(params, X);
      const tolerance = TOLERANCE * d;
      const scale = Math.max(1, largest([...H.data]));
      expectClose(batched(laplacian(u, wrtX))(params, X), np.einsum('nii->n', H), tolerance, scale);
      expectClose(batched(hessianDiagonal(u, wrtX))(params, X), np.einsum('nii->ni', H), tolerance, scale);
      const along = vmap(
        (p: nn.ParamsLike, x: Array, v: Array) => hvp((y: Array) => u(p, y), [x], [v]),
        [null, 0, 0],
      ) as (p: nn.ParamsLike, X: Array, V: Array) => Array;
      expectClose(along(params, X, V), np.einsum('nij,nj->ni', H, V), tolerance, 3 * scale);
      const combined = along(params, X, np.sub(np.mul(2, V), W));
      expectClose(combined, np.sub(np.mul(2, along(params, X, V)), along(params, X, W)), tolerance, 9 * scale);
    });
  });

  it('value, gradient and Hessian are those of the separate calls, jit or not', () => {
    check(8, ({ u, params, points }) => {
      const X = points(6);
      const together = batched(valueGradHessian(u, wrtX)) as unknown as (
        p: nn.ParamsLike,
        X: Array,
      ) => Record<string, Array>;
      const { value, gradient, hessian: H } = together(params, X);
      expectClose(value, batched(u)(params, X), TOLERANCE, 1);
      expectClose(gradient, batched(grad(u, wrtX))(params, X), TOLERANCE, 1);
      expectClose(H, batched(hessian(u, wrtX))(params, X), TOLERANCE, 1);
      expectSame(jit(together)(params as never, X), { value, gradient, hessian: H });
    });
  });

  it('vmap = a loop over samples = the whole batch at once', () => {
    check(8, ({ apply, u, params, points }) => {
      const N = 5;
      const X = points(N);
      const loop = (f: (p: nn.ParamsLike, x: Array) => Array) =>
        np.stack(globalThis.Array.from({ length: N }, (_, i) => f(params, X.at(i))));
      const H = batched(hessian(u, wrtX))(params, X);
      expectClose(H, loop(hessian(u, wrtX) as never), TOLERANCE, 1);
      expectClose(batched(apply)(params, X), loop(apply), TOLERANCE, 1);
      expectClose(apply(params, X), loop(apply), TOLERANCE, 1);
      expectClose(jit(apply)(params as never, X), loop(apply), TOLERANCE, 1);
      // The gradient of a sum over the batch holds every sample's own.
      const total = (p: nn.ParamsLike, Y: Array) => np.sum(apply(p, Y).at(null, 0));
      expectClose(grad(total, wrtX)(params, X), batched(grad(u, wrtX))(params, X), TOLERANCE, 1);
    });
  });

  it('derivatives in parameters that samples share, for every sample by itself', () => {
    check(6, ({ apply, u, params, points }) => {
      const N = 4;
      const X = points(N);
      const each = (i: number) => X.at(i);
      const gradients = batched(grad(u))(params, X);
      const jacobians = batched(jacrev(apply))(params, X);
      const bias = (x: Array) => (b: Array) => {
        const tree = params.params as Record<string, { kernel: Array; bias: Array }>;
        return u({ params: { ...tree, Dense_0: { ...tree.Dense_0!, bias: b } } }, x);
      };
      const { Dense_0 } = params.params as Record<string, { bias: Array }>;
      const hessians = vmap((b: Array, x: Array) => hessian(bias(x))(b), [null, 0])(Dense_0!.bias, X);
      for (let i = 0; i < N; i++) {
        expectClose(
          map((g: Array) => g.at(i), gradients),
          grad(u)(params, each(i)),
          TOLERANCE,
          1,
        );
        expectClose(
          map((g: Array) => g.at(i), jacobians),
          jacrev(apply)(params, each(i)),
          TOLERANCE,
          1,
        );
        expectClose((hessians as Array).at(i), hessian(bias(each(i)))(Dense_0!.bias), TOLERANCE, 1);
      }
    });
  });

  it('a loss over the batch: written for one sample, or for all', () => {
    check(8, ({ apply, params, points, features }) => {
      const X = points(33);
      const Y = np.tanh(np.broadcastTo(X.at(null, [0, 1]), [33, features.at(-1)!]));
      const whole = (p: nn.ParamsLike) => np.mean(np.square(np.sub(apply(p, X), Y)));
      const one = (p: nn.ParamsLike, x: Array, y: Array) => np.mean(np.square(np.sub(apply(p, x), y)));
      const mapped = (p: nn.ParamsLike) => np.mean(vmap(one, [null, 0, 0])(p, X, Y));
      expectClose(grad(whole)(params), grad(mapped)(params), TOLERANCE, 1);
      expectClose(native(grad(whole))(params), interpreted(grad(whole))(params), TOLERANCE, 1);
    });
  });

  it('graphs stay well typed, and equal, after every pass of the compiler', () => {
    check(8, ({ apply, u, params, points }) => {
      const X = points(3);
      const loss = (p: nn.ParamsLike, Z: Array) => np.mean(np.square(batched(laplacian(u, wrtX))(p, Z)));
      for (const f of [batched(hessian(apply, wrtX)), grad(loss), batched(jacfwd(hessian(u, wrtX), wrtX))]) {
        const [traced, ...later] = afterEveryPass(f as never, [params, X], { values: true });
        for (const { outputs } of later) expectClose(outputs, traced!.outputs, TOLERANCE, 1);
      }
    });
  });
});
