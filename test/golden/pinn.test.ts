import { describe, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { vmap } from '../../lib/transform/vmap.js';
import { map } from '../../lib/tree/tree.js';
import { golden } from '../support/bits.js';
import { expectClose } from '../support/close.js';
import { residuals } from '../support/residuals.js';
import { interpreted, native } from '../support/routes.js';

interface Case {
  kind: keyof typeof residuals;
  features: number[];
  params: nn.ParamsLike;
  X: number[][];
  residual: number[];
  loss: number;
  grad: nn.ParamsLike;
}

const { cases } = golden<{ cases: Case[] }>('pinn.json');

const routes = { native, interpreter: interpreted } as const;

// Residuals of second derivatives, their squares' mean, its gradient: two further sums over terms that cancel.
const tolerance = { float64: 1e-11, float32: 1e-4 } as const;

describe.each(cases)('$kind', (expected) => {
  const model = new nn.MLP({ features: expected.features });
  const residual = residuals[expected.kind](model);
  const batched = vmap(residual, [null, 0]);
  const loss = (params: nn.ParamsLike, X: Array) => np.mean(np.square(batched(params, X)));

  describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
    const typed = (x: unknown) => np.array(x as number[], { dtype });
    const params = map(typed, expected.params as unknown) as nn.ParamsLike;
    const X = typed(expected.X);

    it.each(['native', 'interpreter'] as const)('%s', (route) => {
      const run = (f: (...args: never[]) => unknown) => routes[route](f as never)(params, X);
      expectClose(run(batched), expected.residual, tolerance[dtype]);
      expectClose(run(loss), expected.loss, tolerance[dtype]);
      expectClose(run(grad(loss)), expected.grad, tolerance[dtype]);
      expectClose(run(valueAndGrad(loss)), [expected.loss, expected.grad], tolerance[dtype]);
    });
  });
});
