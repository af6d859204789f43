import { describe, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { vmap } from '../../lib/transform/vmap.js';
import { map } from '../../lib/tree/tree.js';
import { golden } from '../support/bits.js';
import { expectClose } from '../support/close.js';
import { type ComposedParams, composed } from '../support/composed.js';
import { interpreted, native } from '../support/routes.js';

type Nested = number | Nested[];

interface Reference {
  value: Nested;
  grad: Nested;
  hessian: Nested;
  grad_params_of_mean_laplacian: Record<keyof ComposedParams, Nested>;
}

const reference = golden<{ params: Record<string, Nested>; X: number[][]; functions: Record<string, Reference> }>(
  'composed.json',
);

// As the reference values are stated; gradients of a mean of second derivatives sum more terms that cancel.
const tolerance = { float64: { direct: 1e-12, params: 1e-11 }, float32: { direct: 2e-5, params: 1e-4 } } as const;

const routes = { native, interpreter: interpreted } as const;

describe.each(Object.keys(reference.functions))('%s', (name) => {
  const expected = reference.functions[name]!;
  const u = composed[name as keyof typeof composed];
  const batched = (f: (p: ComposedParams, x: Array) => unknown) => vmap(f, [null, 0]);
  const wrtX = { argnums: 1 } as const;

  describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
    const typed = (x: unknown) => np.array(x as number[], { dtype });
    const params = map(typed, reference.params as unknown) as ComposedParams;
    const X = typed(reference.X);
    const { direct, params: indirect } = tolerance[dtype];

    describe.each(['native', 'interpreter'] as const)('%s', (route) => {
      const run = (f: (...args: never[]) => unknown) => routes[route](f as never)(params, X);

      it('value, gradient, Hessian', () => {
        expectClose(run(batched(u)), expected.value, direct);
        expectClose(run(batched(grad(u, wrtX))), expected.grad, direct);
        expectClose(run(batched(hessian(u, wrtX))), expected.hessian, direct);
        const all = run(batched(valueGradHessian(u, wrtX))) as Record<string, Array>;
        expectClose(all, { value: expected.value, gradient: expected.grad, hessian: expected.hessian }, direct);
      });

      it('gradient in the parameters of the mean Laplacian', () => {
        const mean = (p: ComposedParams, x: Array) => np.mean(vmap(laplacian(u, wrtX), [null, 0])(p, x));
        const result = run(grad(mean)) as Record<string, Array>;
        const wanted = expected.grad_params_of_mean_laplacian;
        expectClose(result, wanted, indirect);
      });
    });
  });
});
