import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { evaluate } from '../../lib/transform/evaluate.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { jacfwd } from '../../lib/transform/jacobian.js';
import { jit } from '../../lib/transform/jit.js';
import { hvp, jvp, vjp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';

const model = new nn.MLP({ features: [4, 1] });
const X = np.ones([8, 3]);
const params = model.init(random.PRNGKey(0), X);
const u = (p: nn.ParamsLike, x: Array) => np.squeeze(model.apply(p, x));

/* What users write compiles without casts, and results have the types of what comes back. */
describe('types', () => {
  it('derivatives in the inputs', () => {
    const uX = vmap(grad(u, { argnums: 1 }), [null, 0])(params, X);
    expectTypeOf(uX).toEqualTypeOf<Array>();
    expect(uX.shape).toEqual([8, 3]);
    const uXX = vmap(hessian(u, { argnums: 1 }), [null, 0])(params, X);
    expectTypeOf(uXX).toEqualTypeOf<Array>();
    expect(uXX.shape).toEqual([8, 3, 3]);
    expectTypeOf(vmap(laplacian(u, { argnums: 1 }), [null, 0])(params, X)).toEqualTypeOf<Array>();
    const third = jacfwd(hessian(u, { argnums: 1 }), { argnums: 1 })(params, X.at(0));
    expectTypeOf(third).toEqualTypeOf<Array>();
    expect(third.shape).toEqual([3, 3, 3]);
    const all = vmap(valueGradHessian(u, { argnums: 1 }), [null, 0])(params, X);
    expectTypeOf(all.hessian).toEqualTypeOf<Array>();
    expectTypeOf(all.gradient).toEqualTypeOf<Array>();
    const along = vmap((p: nn.ParamsLike, x: Array, v: Array) => hvp((y: Array) => u(p, y), [x], [v]), [null, 0, 0]);
    expectTypeOf(along(params, X, X)).toEqualTypeOf<Array>();
  });

  it('derivatives in the parameters', () => {
    const loss = (p: nn.MLPParams, Y: Array) => np.mean(np.square(model.apply(p, Y)));
    const [value, gradient] = valueAndGrad(loss)(params, X);
    expectTypeOf(value).toEqualTypeOf<Array>();
    expect(gradient.params.Dense_0!.kernel.shape).toEqual([3, 4]);
    expect(jit(grad(loss))(params, X).params.Dense_1!.bias!.shape).toEqual([1]);
  });

  it('arguments may be anything array-like (a list of numbers alone is one array)', () => {
    const f = (x: Array, t: { a: Array; b: [Array, Array] }) => np.sum(np.mul(x, t.a)).add(t.b[0]).mul(t.b[1]);
    const g = grad(f, { argnums: [0, 1] })([1, 2], { a: Float32Array.of(3, 4), b: [np.array(1), 2] });
    expectTypeOf(g[0]).toEqualTypeOf<Array>();
    expectTypeOf(g[1].b[1]).toEqualTypeOf<Array>();
    expect(g[1].b[1].item()).toBe(12);
    expect(jit(f)([1, 2], { a: [3, 4], b: [np.array(1), 2] }).item()).toBe(24);
  });

  it('hasAux, jvp, vjp, evaluate', async () => {
    const f = (x: Array): [Array, { y: Array }] => [np.sum(x), { y: x }];
    const [g, aux] = grad(f, { hasAux: true })([1, 2]);
    expectTypeOf(g).toEqualTypeOf<Array>();
    expectTypeOf(aux).toEqualTypeOf<unknown>();
    const [y, t] = jvp((x: Array) => ({ s: np.sin(x) }), [[0]], [[1]]);
    expectTypeOf(y.s).toEqualTypeOf<Array>();
    expect(t.s.toArray()).toEqual([1]);
    const [, pull] = vjp((x: Array) => np.sin(x), [0]);
    expect(pull([1])[0].toArray()).toEqual([1]);
    expectTypeOf(evaluate(u, [params, X.at(0)])).resolves.toEqualTypeOf<Array>();
    expect((await evaluate(u, [params, X.at(0)])).shape).toEqual([]);
  });
});
