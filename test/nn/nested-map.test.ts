import { expect, it } from 'vitest';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian } from '../../lib/transform/hessian.js';
import { vmap } from '../../lib/transform/vmap.js';
import { thrown } from '../support/thrown.js';

// The program nabla starts from: second derivatives by mapping a batched gradient again.
const model = new nn.MLP({ features: [5, 1] });
const X = np.ones([4, 3]);
const params = model.init(random.PRNGKey(0), X);
const u = (x: np.Array) => np.squeeze(model.apply(params, x));

it('vmap(grad(vmap(grad(u)))) is answered with hessian', () => {
  const gradients = vmap(grad(u)) as (x: np.Array) => np.Array;
  expect(gradients(X).shape).toEqual([4, 3]);
  const second = vmap(grad(gradients) as (x: np.Array) => np.Array);
  const error = thrown(() => second(X));
  expect(error.code).toBe('ERR_NABLA_NESTED_MAP');
  expect(error.details.path).toBe('params.Dense_0');
  expect(error.message).toContain('vmap(hessian(u), [null, 0])');
});

it('what the answer names works', () => {
  const v = (p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x));
  expect(vmap(hessian(v, { argnums: 1 }), [null, 0])(params, X).shape).toEqual([4, 3, 3]);
});
