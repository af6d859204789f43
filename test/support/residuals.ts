import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, laplacian } from '../../lib/transform/hessian.js';

type Residual = (params: nn.ParamsLike, x: Array) => Array;

/** u_t + u·u_x − (0.01/π)·u_xx at one point x = (t, x). */
const burgers = (model: nn.MLP): Residual => {
  const u = (params: nn.ParamsLike, x: Array) => np.squeeze(model.apply(params, x));
  return (params, x) => {
    const first = grad(u, { argnums: 1 })(params as never, x);
    const second = hessian(u, { argnums: 1 })(params as never, x) as Array;
    const convection = u(params, x).mul(first.at(1));
    return first
      .at(0)
      .add(convection)
      .sub(second.at(1, 1).mul(0.01 / Math.PI));
  };
};

/** Δu + sin(πx₀)·sin(πx₁)·x₂ at one point. */
const poisson3 = (model: nn.MLP): Residual => {
  const u = (params: nn.ParamsLike, x: Array) => np.squeeze(model.apply(params, x));
  return (params, x) => {
    const source = np
      .sin(x.at(0).mul(Math.PI))
      .mul(np.sin(x.at(1).mul(Math.PI)))
      .mul(x.at(2));
    return laplacian(u, { argnums: 1 })(params as never, x).add(source);
  };
};

/** Residuals of partial differential equations at one point. */
export const residuals = { burgers, poisson3 } as const;
