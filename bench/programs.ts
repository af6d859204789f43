// The programs a user of nabla would write for each case.
import { grad, hessian, hvp, jit, laplacian, nn, numpy as np, valueAndGrad, vmap } from 'nabla';
import type { Case } from './cases.js';
import { layersOf } from './contestants/numbers.js';
import type { Floats } from './contestants/serve.js';

export type Parameters = nn.MLPParams;

export function paramsTree(c: Case, params: Floats): Parameters {
  const layers = layersOf(c, params).map(({ inputs, outputs, bias, kernel }, l) => [
    `Dense_${l}`,
    { bias: np.array(bias), kernel: np.reshape(np.array(kernel), [inputs, outputs]) },
  ]);
  return { params: Object.fromEntries(layers) } as Parameters;
}

/** A function of all inputs of a case, jitted. */
export function functionOf(c: Case): (data: { params: Parameters; x: np.Array; v: np.Array }) => unknown {
  const model = new nn.MLP({ features: c.features, dtype: c.dtype });
  const u = (params: Parameters, x: np.Array): np.Array => np.squeeze(model.apply(params, x));
  const perSample = { argnums: 1 } as const;
  switch (c.quantity) {
    case 'value': {
      const f = jit(vmap(u, [null, 0]));
      return ({ params, x }) => f(params, x);
    }
    case 'gradient': {
      const f = jit(vmap(valueAndGrad(u, perSample), [null, 0]));
      return ({ params, x }) => f(params, x);
    }
    case 'hessian': {
      const f = jit(vmap(hessian(u, perSample), [null, 0]));
      return ({ params, x }) => f(params, x);
    }
    case 'laplacian': {
      const f = jit(vmap(laplacian(u, perSample), [null, 0]));
      return ({ params, x }) => f(params, x);
    }
    case 'hvp': {
      const product = (params: Parameters, x: np.Array, v: np.Array) => hvp((y: np.Array) => u(params, y), [x], [v]);
      const f = jit(vmap(product, [null, 0, 0]));
      return ({ params, x, v }) => f(params, x, v);
    }
    case 'step': {
      const residual = (params: Parameters, x: np.Array): np.Array => {
        const first = grad(u, perSample)(params, x);
        const second = hessian(u, perSample)(params, x).at(1, 1);
        return first
          .at(0)
          .add(u(params, x).mul(first.at(1)))
          .sub(second.mul(0.01 / Math.PI));
      };
      const loss = (params: Parameters, X: np.Array) => np.mean(np.square(vmap(residual, [null, 0])(params, X)));
      const f = jit(valueAndGrad(loss));
      return ({ params, x }) => f(params, x);
    }
    default:
      return c.quantity satisfies never;
  }
}
