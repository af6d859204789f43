import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as models from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, laplacian } from '../../lib/transform/hessian.js';
import { explain } from '../../lib/transform/insight.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectClose } from '../support/close.js';
import { network } from '../support/random-network.js';
import { interpreted, native } from '../support/routes.js';

const wrtX = { argnums: 1 } as const;
const batched = (f: unknown) =>
  vmap(f as (p: nn.ParamsLike, x: Array) => Array, [null, 0]) as (p: nn.ParamsLike, X: Array) => Array;

const names = ['tanh', 'sin', 'sigmoid', 'softplus', 'silu', 'geluErf', 'geluTanh', 'elu', 'relu', 'identity'] as const;

describe.each(names)('a network of %s', (activation) => {
  const { apply, u, params, points } = network([6, 7, 2], 3, { activation });
  const X = points(5);

  it('derivatives: native = interpreter, contracted = nested', () => {
    for (const f of [apply, jacrev(apply, wrtX), hessian(apply, wrtX), laplacian(u, wrtX)]) {
      expectClose(native(batched(f))(params, X), interpreted(batched(f))(params, X), 1e-13, 1);
    }
    const nested = jacfwd(jacrev(apply, wrtX) as typeof apply, wrtX);
    expectClose(batched(hessian(apply, wrtX))(params, X), batched(nested)(params, X), 1e-13, 1);
  });

  it('the gradient of a mean Laplacian', () => {
    const loss = (p: nn.ParamsLike) => np.mean(batched(laplacian(u, wrtX))(p, X));
    expectClose(native(grad(loss))(params), interpreted(grad(loss))(params), 1e-13, 1);
  });

  it('five passes for value, gradient, Hessian, whatever it is composed of', () => {
    const one = network([6, 7, 1], 3, { activation });
    const { passes } = explain(batched(hessian(one.u, wrtX)))(one.params, X);
    // Piecewise linear ones have no curvature: nothing is left to compute.
    expect(passes).toBe(activation === 'relu' || activation === 'identity' ? 0 : 5);
  });
});

describe('activations of one’s own', () => {
  const own = (z: Array) => np.div(z, np.sqrt(np.add(1, np.square(z))));
  const model = new models.MLP({ features: [6, 5, 1], activation: [own, 'sin'], dtype: 'float64' });
  const { params, points } = network([6, 5, 1], 3);
  const u = (p: nn.ParamsLike, x: Array) => model.apply(p, x).at(0);

  it('a function, and one per layer', () => {
    const X = points(4);
    expectClose(
      native(batched(hessian(u, wrtX)))(params, X),
      interpreted(batched(hessian(u, wrtX)))(params, X),
      1e-13,
      1,
    );
    expectClose(batched(hessian(u, wrtX))(params, X), batched(jacfwd(grad(u, wrtX), wrtX))(params, X), 1e-13, 1);
    expect(explain(batched(hessian(u, wrtX)))(params, X).passes).toBe(5);
  });

  it('a parametric one: derivatives in its parameter', () => {
    const slope = (a: Array, p: nn.ParamsLike, x: Array) => {
      const net = new models.MLP({ features: [6, 5, 1], activation: (z) => np.tanh(np.mul(a, z)), dtype: 'float64' });
      return net.apply(p, x).at(0);
    };
    const a = np.array(0.7, { dtype: 'float64' });
    const x = points(1).at(0);
    const expected = interpreted(hessian(slope, { argnums: [0, 2] }))(a, params, x);
    expectClose(native(hessian(slope, { argnums: [0, 2] }))(a, params, x), expected, 1e-13, 1);
    const h = 1e-4;
    const value = (b: number) => slope(np.array(b, { dtype: 'float64' }), params, x).item();
    const difference = (value(0.7 + h) - value(0.7 - h)) / (2 * h);
    expectClose(grad(slope)(a, params as never, x), difference, 1e-7, 1);
  });
});
