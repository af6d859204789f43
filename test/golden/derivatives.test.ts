import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { hvp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { map } from '../../lib/tree/tree.js';
import { golden } from '../support/bits.js';
import { expectClose } from '../support/close.js';
import { interpreted, native } from '../support/routes.js';

type Nested = number | Nested[];

interface Case {
  features: number[];
  activation: nn.ActivationName;
  d: number;
  params: nn.ParamsLike;
  X: number[][];
  V: number[][];
  apply: Nested;
  jacobian: Nested;
  hessian: Nested;
  grad?: Nested;
  hvp?: Nested;
  laplacian?: Nested;
  third?: Nested;
}

const { cases } = golden<{ cases: Case[] }>('derivatives.json');

/** Largest errors to accept, relative to the largest entry of a result, as the reference values are stated. */
const tolerance = { float64: 1e-12, float32: 2e-5 } as const;

const routes = { native, interpreter: interpreted } as const;

describe.each(cases)('$activation, $features, d = $d', (expected) => {
  const model = new nn.MLP({ features: expected.features, activation: expected.activation });
  const apply = (params: nn.ParamsLike, x: Array) => model.apply(params, x);
  const u = (params: nn.ParamsLike, x: Array) => np.squeeze(model.apply(params, x));
  const batched = (f: (params: nn.ParamsLike, x: Array) => unknown) => vmap(f, [null, 0]);
  const wrtX = { argnums: 1 } as const;

  describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
    const typed = (x: unknown) => np.array(x as number[], { dtype });
    const params = map(typed, expected.params as unknown) as nn.ParamsLike;
    const [X, V] = [typed(expected.X), typed(expected.V)];

    describe.each(['native', 'interpreter'] as const)('%s', (route) => {
      const check = (f: (...args: never[]) => unknown, args: unknown[], wanted: unknown) => {
        const result = routes[route](f as never)(...args) as Array;
        expect(result.dtype).toBe(dtype);
        expectClose(result, wanted, tolerance[dtype]);
        return result;
      };

      it('value, of a sample at a time and of the batch at once', () => {
        check(batched(apply), [params, X], expected.apply);
        check(apply as never, [params, X], expected.apply);
      });

      it('Jacobian, forward and back', () => {
        const result = check(batched(jacfwd(apply, wrtX)), [params, X], expected.jacobian);
        expect(result.shape).toEqual([expected.X.length, expected.features.at(-1), expected.d]);
        check(batched(jacrev(apply, wrtX)), [params, X], expected.jacobian);
      });

      it('Hessian: contracted, and forward over reverse', () => {
        check(batched(hessian(apply, wrtX)), [params, X], expected.hessian);
        check(batched(jacfwd(jacrev(apply, wrtX), wrtX)), [params, X], expected.hessian);
      });

      it.runIf(expected.grad)('gradient, Laplacian and product with a vector', () => {
        check(batched(grad(u, wrtX)), [params, X], expected.grad);
        check(batched(laplacian(u, wrtX)), [params, X], expected.laplacian);
        const along = vmap((p: nn.ParamsLike, x: Array, v: Array) => hvp((y: Array) => u(p, y), [x], [v]), [null, 0, 0]);
        check(along, [params, X, V], expected.hvp);
      });

      it.runIf(expected.grad)('value, gradient, Hessian in one, and the diagonal', () => {
        const H = expected.hessian as number[][][][];
        const all = routes[route](batched(valueGradHessian(u, wrtX)))(params, X) as Record<string, Array>;
        expectClose(all.value, (expected.apply as number[][]).flat(), tolerance[dtype]);
        expectClose(all.gradient, expected.grad, tolerance[dtype]);
        expectClose(all.hessian, H.flat(), tolerance[dtype]);
        const diagonal = H.map(([h]) => h!.map((row, i) => row[i]!));
        // The diagonal is measured against the whole matrix: its entries come from the same cancelling sums.
        const scale = Math.max(...H.flat(3).map(Math.abs));
        const result = routes[route](batched(hessianDiagonal(u, wrtX)))(params, X);
        expectClose(result, diagonal, tolerance[dtype], scale);
      });

      it.runIf(expected.third)('third derivatives', () => {
        const result = check(batched(jacfwd(hessian(u, wrtX), wrtX)), [params, X], expected.third);
        expect(result.shape).toEqual([expected.X.length, expected.d, expected.d, expected.d]);
      });
    });
  });
});
