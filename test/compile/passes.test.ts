import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as models from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { explain } from '../../lib/transform/insight.js';
import { jacfwd } from '../../lib/transform/jacobian.js';
import { jit } from '../../lib/transform/jit.js';
import { hvp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { map } from '../../lib/tree/tree.js';
import { expectClose } from '../support/close.js';
import { network } from '../support/random-network.js';
import { residuals } from '../support/residuals.js';

type Model = (params: nn.ParamsLike, x: Array) => unknown;

const wrtX = { argnums: 1 } as const;
const N = 1000;

/** Passes over the weights of the compiled program of f, mapped over N samples. */
function passes(f: Model, params: nn.ParamsLike, X: Array): number {
  const explanation = explain(vmap(f, [null, 0]))(params as never, X);
  expect(explanation.loops.filter((loop) => loop.kind === 'lanes')).toHaveLength(1);
  return explanation.passes;
}

describe('passes over the weights for one sample', () => {
  const hidden = [20, 20, 20, 20, 20];

  it.each([1, 2, 3, 8])('d = %i: value, d tangents, one adjoint', (d) => {
    const { apply, u, params, points } = network([...hidden, 1], d, { dtype: 'float32' });
    const X = points(N);
    expect(passes(apply, params, X)).toBe(1);
    expect(passes(grad(u, wrtX), params, X)).toBe(2);
    expect(passes(hessian(u, wrtX), params, X)).toBe(d + 2);
    expect(passes(valueGradHessian(u, wrtX), params, X)).toBe(d + 2);
    expect(passes(laplacian(u, wrtX), params, X)).toBe(d + 2);
    expect(passes(hessianDiagonal(u, wrtX), params, X)).toBe(d + 2);
    expect(passes(jacfwd(apply, wrtX), params, X)).toBe(d + 1);
  });

  it('a Hessian-vector product: value, tangent and both their adjoints', () => {
    const { u, params, points } = network([...hidden, 1], 3);
    const along: Model = (p, x) => hvp((y: Array) => u(p, y), [x], [np.sin(x)]);
    expect(passes(along, params, points(N))).toBe(4);
  });

  it('one entry of the Hessian, with the gradient, carries one tangent', () => {
    const { u, params, points } = network([...hidden, 1], 3);
    const X = points(N);
    const entry: Model = (p, x) => [grad(u, wrtX)(p as never, x), (hessian(u, wrtX)(p as never, x) as Array).at(1, 1)];
    expect(passes(entry, params, X)).toBe(3);
    expect(passes((p, x) => (hessian(u, wrtX)(p as never, x) as Array).at(1, 1), params, X)).toBe(3);
    expect(passes((p, x) => (hessian(u, wrtX)(p as never, x) as Array).at(0, 2), params, X)).toBe(4);
    const all: Model = (p, x) => [
      u(p, x),
      grad(u, wrtX)(p as never, x),
      hessian(u, wrtX)(p as never, x),
      laplacian(u, wrtX)(p as never, x),
    ];
    expect(passes(all, params, X)).toBe(5);
  });

  it('parameters captured instead of passed', () => {
    const { u, params, points } = network([...hidden, 1], 3);
    const captured = explain(vmap(hessian((x: Array) => u(params, x))))(points(N));
    expect(captured.passes).toBe(5);
  });

  it('the Burgers residual: 3; its mean square with the gradient in the parameters: 9', () => {
    const model = new models.MLP({ features: [...hidden, 1] });
    const { params, points } = network([...hidden, 1], 2, { dtype: 'float32' });
    const residual = residuals.burgers(model);
    expect(passes(residual, params, points(N))).toBe(3);
    const loss = (p: nn.ParamsLike, X: Array) => np.mean(np.square(vmap(residual, [null, 0])(p, X)));
    const { passes: total, loops } = explain(valueAndGrad(loss))(params as never, points(N));
    // Forward 2 + 1 back, all of it transposed, and three outer products of weight gradients.
    expect(total).toBe(9);
    expect(loops.filter((loop) => loop.kind === 'lanes')).toHaveLength(1);
  });

  it('and so it is, to a rounding, with grad of grad, of numbers or of entries', () => {
    const { u, params, points } = network([...hidden, 1], 2, { dtype: 'float64' });
    const X = points(N);
    const of = (p: nn.ParamsLike, t: Array, x: Array) => u(p, np.stack([t, x]));
    const [ut, ux] = [grad(of, { argnums: 1 }), grad(of, { argnums: 2 })];
    const uxx = grad(ux, { argnums: 2 });
    const numbers = (p: nn.ParamsLike, z: Array) => {
      const [t, x] = [z.at(0), z.at(1)];
      return np.sub(np.add(ut(p, t, x), np.mul(of(p, t, x), ux(p, t, x))), np.mul(uxx(p, t, x), 0.1));
    };
    const slopes = (p: nn.ParamsLike, z: Array) => grad(u, wrtX)(p as never, z) as Array;
    const entries = (p: nn.ParamsLike, z: Array) => {
      const bend = (grad((y: Array) => slopes(p, y).at(1))(z) as Array).at(1);
      return np.sub(np.add(slopes(p, z).at(0), np.mul(u(p, z), slopes(p, z).at(1))), np.mul(bend, 0.1));
    };
    const curved = (p: nn.ParamsLike, z: Array) => {
      const H = hessian(u, wrtX)(p as never, z) as Array;
      return np.sub(np.add(slopes(p, z).at(0), np.mul(u(p, z), slopes(p, z).at(1))), np.mul(H.at(1, 1), 0.1));
    };
    const expected = vmap(curved, [null, 0])(params, X) as Array;
    for (const residual of [numbers, entries]) {
      expect(passes(residual, params, X)).toBe(3);
      const loss = (p: nn.ParamsLike, Y: Array) => np.mean(np.square(vmap(residual, [null, 0])(p, Y)));
      expect(explain(valueAndGrad(loss))(params as never, X).passes).toBe(9);
      expectClose(vmap(residual, [null, 0])(params, X), expected, 1e-12);
    }
  });

  it('the gradient of a component of a gradient of more than three numbers goes back over back: 4 and 12', () => {
    const { u, params, points } = network([...hidden, 1], 4, { dtype: 'float32' });
    const slope = (p: nn.ParamsLike, z: Array) => (grad(u, wrtX)(p as never, z) as Array).at(1);
    const bend = (p: nn.ParamsLike, z: Array) => (grad(slope, wrtX)(p, z) as Array).at(1);
    expect(passes(bend, params, points(N))).toBe(4);
    const loss = (p: nn.ParamsLike, Y: Array) => np.mean(np.square(vmap(bend, [null, 0])(p, Y)));
    expect(explain(valueAndGrad(loss))(params as never, points(N)).passes).toBe(12);
  });

  it('a loss over the whole batch is one loop: forward, back, weight gradients', () => {
    const { apply, params, points } = network([...hidden, 1], 3, { dtype: 'float32' });
    const loss = (p: nn.ParamsLike, X: Array) => np.mean(np.square(apply(p, X)));
    const { passes: total, loops } = explain(valueAndGrad(loss))(params as never, points(N));
    expect(total).toBe(3);
    expect(loops.filter((loop) => loop.kind === 'lanes')).toHaveLength(1);
  });

  it('an input wider than the first layer is narrowed to it', () => {
    const { u, params, points } = network([8, 30, 30, 1], 40, { dtype: 'float32' });
    // 8 tangents, of the first pre-activation; and the two products with the first kernel on the outside.
    const H = explain(vmap(hessian(u, wrtX), [null, 0]))(params as never, points(N));
    expect(H.passes).toBeLessThanOrEqual(8 + 2 + 40);
    const dense = explain(vmap(jacfwd(grad(u, wrtX), wrtX), [null, 0]))(params as never, points(N));
    expect(H.flops).toBeLessThan(dense.flops / 3);
  });

  it('samples run along the lanes, also where they are fewer than inputs', () => {
    for (const samples of [9, 32]) {
      const { u, params, points } = network([20, 20, 1], 40, { dtype: 'float32' });
      const { loops } = explain(vmap(hessian(u, wrtX), [null, 0]))(params, points(samples));
      expect(loops.filter((loop) => loop.kind === 'lanes').map((loop) => loop.samples)).toEqual([samples]);
    }
  });

  it('of an ensemble and the rows of its data, the more numerous run along the lanes', () => {
    const { apply, params, points } = network([20, 20, 1], 3);
    const X = points(500);
    const ensemble = map((x: Array) => np.stack([x, np.mul(2, x), np.mul(3, x)]), params);
    const loss = (p: nn.ParamsLike, Y: Array) => np.mean(np.square(apply(p, Y)));
    const { loops } = explain(vmap(grad(loss), [0, null]))(ensemble, X);
    expect(loops.find((loop) => loop.kind === 'lanes')!.samples).toBe(500);
  });

  it('says the same of a jitted function', () => {
    const { u, params, points } = network([20, 20, 1], 3);
    const H = vmap(hessian(u, wrtX), [null, 0]);
    const plain = explain(H)(params as never, points(N));
    expect(String(explain(jit(H as never) as typeof H)(params as never, points(N)))).toBe(String(plain));
    expect(String(plain)).toMatch(/float64, \w+, \d+ threads; 5 passes over the weights/);
  });
});
