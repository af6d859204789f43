import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { evaluate } from '../../lib/transform/evaluate.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { explain, makeGraph } from '../../lib/transform/insight.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { jit } from '../../lib/transform/jit.js';
import { hvp, jvp, linearize, vjp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { thrown } from '../support/thrown.js';

/** Calls that are wrong on purpose, which their types would not let through. */
type Loose = (...args: unknown[]) => unknown;
const loose = (f: unknown): Loose => f as Loose;

/** The error of `f`: its code, and facts that its message has to state. */
function refused(code: string, facts: readonly string[], f: () => unknown): void {
  const error = thrown(f);
  expect(error.code, error.message).toBe(code);
  for (const fact of facts) expect(error.message).toContain(fact);
}

const ones = (shape: number[]) => np.ones(shape);
const model = new nn.MLP({ features: [4, 4, 1] });
const X = ones([32, 3]);
const params = model.init(random.PRNGKey(0), X);
const u = (p: nn.ParamsLike, x: Array) => np.squeeze(model.apply(p, x));

const derivatives = {
  grad,
  valueAndGrad,
  jacfwd,
  jacrev,
  hessian,
  valueGradHessian,
  laplacian,
  hessianDiagonal,
} as const;
const scalarOnly = { grad, valueAndGrad, valueGradHessian } as const;

describe('a result that is no scalar', () => {
  describe.each(Object.entries(scalarOnly))('%s', (name, transform) => {
    it.each([
      ['[3]', [3], ['hessian']],
      ['[1]', [1], ['np.squeeze', '.at(0)']],
      ['[32, 1]', [32, 1], ['hessian']],
      ['[1, 1]', [1, 1], ['np.squeeze']],
    ])('shape %s', (shape, dims, ways) => {
      const f = (x: Array) => np.broadcastTo(np.sum(x), dims);
      refused('ERR_NABLA_NOT_SCALAR', [name, `shape ${shape}`, ...ways], () => loose(loose(transform)(f))(X));
    });

    it('several arrays', () => {
      const f = (x: Array) => [np.sum(x), x];
      refused('ERR_NABLA_NOT_SCALAR', [name, '[], [32, 3]'], () => loose(loose(transform)(f))(X));
    });
  });

  it('grad names jacrev and hessian as the ways out', () => {
    refused('ERR_NABLA_NOT_SCALAR', ['jacrev', 'hessian'], () => loose(grad((x: Array) => np.sin(x)))(ones([3])));
  });

  it('hvp', () => {
    refused('ERR_NABLA_NOT_SCALAR', ['[3]'], () => hvp((x: Array) => np.sin(x), [ones([3])], [ones([3])]));
  });
});

describe('derivatives of a mapped derivative', () => {
  const facts = ['coordinates of one sample', 'hessian(u)', 'vmap(hessian(u), [null, 0])'];
  const first = vmap(grad(u, { argnums: 1 }), [null, 0]) as (p: nn.ParamsLike, x: Array) => Array;

  it('vmap(grad(vmap(grad(u))))', () => {
    const second = vmap(grad(first as never, { argnums: 1 }), [null, 0]);
    refused('ERR_NABLA_NESTED_MAP', [...facts, '3'], () => loose(second)(params, X));
  });

  it('grad(vmap(grad(u))) at one sample', () => {
    refused('ERR_NABLA_NESTED_MAP', facts, () => loose(grad(first as never, { argnums: 1 }))(params, X.at(0)));
  });

  it('grad(vmap(grad(u))) of the batch: the result is no scalar', () => {
    const second = grad(first as never, { argnums: 1 });
    refused('ERR_NABLA_NOT_SCALAR', ['[32, 3]', 'jacrev', 'hessian'], () => loose(second)(params, X));
  });
});

describe('integers and booleans', () => {
  const integers = np.array(Int32Array.of(1, 2, 3));

  it.each(Object.entries(derivatives))('%s of an integer or boolean input', (name, transform) => {
    const f = (_x: Array) => np.sum(ones([3]));
    refused('ERR_NABLA_DTYPE', [name, 'argument[0]', 'int32[3]', "astype('float32')"], () =>
      loose(loose(transform)(f))(integers),
    );
    refused('ERR_NABLA_DTYPE', [name, 'argument[0].a[1]', 'bool'], () =>
      loose(loose(transform)(f))({ a: [ones([2]), true] }),
    );
  });

  it.each(Object.entries(derivatives))('%s of a boolean result', (name, transform) => {
    const f = (x: Array) => np.greater(np.sum(x), 0);
    refused('ERR_NABLA_DTYPE', [name, 'result', 'bool[]', "astype('float32')"], () =>
      loose(loose(transform)(f))(ones([3])),
    );
  });

  it('an integer result', () => {
    refused('ERR_NABLA_DTYPE', ['jacfwd', 'int32[3]'], () => loose(jacfwd(() => integers))(ones([3])));
  });
});

describe('argnums', () => {
  const f = (x: Array, y: Array) => np.sum(np.mul(x, y));

  it.each(Object.entries(derivatives))('%s: beyond the arguments given', (name, transform) => {
    const call = (argnums: never) => () => loose(loose(transform)(f, { argnums }))(ones([2]), ones([2]));
    refused('ERR_NABLA_ARGUMENT', [name, 'argnums 2', '2 arguments'], call(2 as never));
    refused('ERR_NABLA_ARGUMENT', ['argnums -3'], call(-3 as never));
    refused('ERR_NABLA_ARGUMENT', ['argnums 5'], call([0, 5] as never));
    refused('ERR_NABLA_ARGUMENT', ['argnums -2', 'already'], call([0, -2] as never));
  });

  it.each(Object.entries(derivatives))('%s: pointing at what is no array', (name, transform) => {
    refused('ERR_NABLA_ARGUMENT', [name, 'argnums 1', 'no array'], () =>
      loose(loose(transform)(f as never, { argnums: 1 as never }))(ones([2]), null),
    );
  });

  it('a function, a string or a Map among the arguments', () => {
    refused('ERR_NABLA_TREE', ['arguments[1]', 'a function'], () => loose(grad(f))(ones([2]), () => 1));
    refused('ERR_NABLA_TREE', ['arguments[1].name', "'net'"], () => loose(grad(f))(ones([2]), { name: 'net' }));
  });
});

describe('hasAux', () => {
  it.each(Object.entries(derivatives))('%s: what was returned is no pair', (name, transform) => {
    const call = (result: (x: Array) => unknown) => () =>
      loose(loose(transform)(result as never, { hasAux: true }))(ones([3]));
    refused(
      'ERR_NABLA_AUX',
      [name, '[value, aux]', 'Traced<float32[]>'],
      call((x) => np.sum(x)),
    );
    refused(
      'ERR_NABLA_AUX',
      ['a list of 3'],
      call((x) => [np.sum(x), x, x]),
    );
  });

  it('jvp', () => {
    refused('ERR_NABLA_AUX', ['jvp'], () => jvp((x: Array) => np.sum(x), [ones([3])], [ones([3])], { hasAux: true }));
  });
});

describe('vmap', () => {
  const f = (x: Array, y: Array) => np.add(np.sum(x), np.sum(y));

  it('inAxes of the wrong length', () => {
    refused('ERR_NABLA_AXIS', ['1 entries', '2 arguments'], () => loose(vmap(f, [0]))(ones([3]), ones([3])));
    refused('ERR_NABLA_AXIS', ['3 entries', '2 arguments'], () => loose(vmap(f, [0, 0, null]))(ones([3]), ones([3])));
  });

  it('nothing mapped', () => {
    refused('ERR_NABLA_AXIS', ['no argument', 'axisSize'], () => vmap(f, [null, null])(ones([3]), ones([3])));
  });

  it('an axis beyond the rank, by path', () => {
    refused('ERR_NABLA_AXIS', ['axis 2', 'argument[1]', '[4, 3]'], () => vmap(f, [0, 2])(ones([4]), ones([4, 3])));
    refused('ERR_NABLA_AXIS', ['-2', 'argument[0]', '[4]'], () => vmap(f, [-2, 0])(ones([4]), ones([4, 3])));
    refused('ERR_NABLA_AXIS', ['argument[0].w[1]', '[4]'], () =>
      loose(vmap((t: never) => t, [1]))({ w: [ones([2, 4]), ones([4])] }),
    );
  });

  it('a scalar argument mapped', () => {
    refused('ERR_NABLA_AXIS', ['argument[1]', '[]', 'null'], () => vmap(f, [0, 0])(ones([4]), 3));
  });

  it('sizes that differ, each with its argument', () => {
    refused('ERR_NABLA_AXIS', ['4', 'argument[0]', '5', 'argument[1].b', '[5, 2]'], () =>
      loose(vmap((x: Array) => x, 0))(ones([4]), { b: ones([5, 2]) }),
    );
    refused('ERR_NABLA_AXIS', ['axisSize 7', '4', 'argument[0]'], () =>
      vmap(f, [0, null], 0, { axisSize: 7 })(ones([4]), ones([1])),
    );
  });

  it('outAxes null for what differs from sample to sample; out of range', () => {
    refused('ERR_NABLA_AXIS', ['outAxes', 'null', 'result'], () => vmap((x: Array) => x, 0, null)(ones([4])));
    refused('ERR_NABLA_AXIS', ['result.b'], () =>
      vmap((x: Array) => ({ a: np.ones([2]), b: x }), 0, { a: null, b: null })(ones([4])),
    );
    refused('ERR_NABLA_AXIS', ['outAxes 2', 'rank is 2'], () => vmap((x: Array) => x, 0, 2)(ones([4, 3])));
    refused('ERR_NABLA_AXIS', ['outAxes -3'], () => vmap((x: Array) => x, 0, -3)(ones([4, 3])));
  });

  it('trees of axes that do not fit', () => {
    refused('ERR_NABLA_TREE', ['inAxes', 'b'], () =>
      loose(vmap((t: unknown) => t as Array, [{ a: 0 }]))({ a: ones([2]), b: ones([2]) }),
    );
    refused('ERR_NABLA_TREE', ['outAxes'], () => vmap((x: Array) => [x, x], 0, [0, 0, 0])(ones([2])));
  });

  it('options in the place of inAxes, or axes that are none', () => {
    refused('ERR_NABLA_ARGUMENT', ['inAxes', 'vmap(f, [null, 0])'], () => vmap(f, { inAxes: [0, 0] } as never));
    expect(thrown(() => vmap(f, 'batch' as never)(ones([2]), ones([2]))).code).toMatch(
      /ERR_NABLA_(ARGUMENT|TREE|AXIS)/,
    );
    expect(thrown(() => vmap(f, [0.5, 0])(ones([2]), ones([2]))).code).toMatch(/ERR_NABLA_(ARGUMENT|AXIS)/);
  });
});

describe('jvp and vjp: tangents and cotangents that differ', () => {
  const f = (x: Array, t: { w: Array }) => np.sum(np.mul(x, t.w));
  const primals = [ones([3]), { w: ones([3]) }] as never;

  it('in their tree', () => {
    refused('ERR_NABLA_TREE', ['tangents', 'w'], () => jvp(f, primals, [ones([3]), { v: ones([3]) }] as never));
    refused('ERR_NABLA_TREE', ['tangents'], () => jvp(f, primals, [ones([3])] as never));
  });

  it('in shape: both shapes, and where', () => {
    refused('ERR_NABLA_SHAPE', ['tangents[1].w', 'float32[4]', 'float32[3]'], () =>
      jvp(f, primals, [ones([3]), { w: ones([4]) }] as never),
    );
    refused('ERR_NABLA_SHAPE', ['tangents[0]', '[]', '[3]'], () => jvp((x: Array) => x, [ones([3])], [1]));
  });

  it('in dtype', () => {
    const double = np.ones([3], { dtype: 'float64' });
    refused('ERR_NABLA_DTYPE', ['tangents[0]', 'float64[3]', 'float32[3]'], () =>
      jvp((x: Array) => x, [ones([3])], [double]),
    );
    refused('ERR_NABLA_DTYPE', ['float64'], () => hvp((x: Array) => np.sum(x), [ones([3])], [double]));
  });

  it('in the cotangent', () => {
    const [, pull] = vjp((x: Array) => ({ y: np.sin(x) }), ones([3]));
    refused('ERR_NABLA_TREE', ['cotangent', 'y'], () => pull({ z: ones([3]) }));
    refused('ERR_NABLA_SHAPE', ['cotangent', '[2]', '[3]'], () => pull({ y: ones([2]) }));
    refused('ERR_NABLA_DTYPE', ['float64[3]', 'float32[3]'], () => pull({ y: np.ones([3], { dtype: 'float64' }) }));
  });

  it('in the tangents of a linearized function', () => {
    const [, along] = linearize((x: Array) => np.sin(x), ones([3]));
    refused('ERR_NABLA_SHAPE', ['[2]', '[3]'], () => along(ones([2])));
  });

  it('lists that are none', () => {
    refused('ERR_NABLA_ARGUMENT', ['jvp', 'list', 'primals'], () =>
      jvp((x: Array) => x, ones([3]) as never, [ones([3])]),
    );
    refused('ERR_NABLA_ARGUMENT', ['jvp', 'list', 'tangents'], () =>
      jvp((x: Array) => x, [ones([3])], ones([3]) as never),
    );
    refused('ERR_NABLA_ARGUMENT', ['hvp', 'list', 'primals'], () =>
      hvp((x: Array) => np.sum(x), ones([3]) as never, [ones([3])]),
    );
  });
});

describe('models inside transforms', () => {
  it('a layer whose input has the wrong length: both shapes and the layer', () => {
    const f = () => loose(vmap(grad(u, { argnums: 1 }), [null, 0]))(params, ones([32, 2]));
    refused('ERR_NABLA_SHAPE', ['[2]', '[3, 4]', 'params.Dense_0'], f);
  });

  it('a parameter missing, or of the wrong shape: its path', () => {
    const { Dense_0, Dense_1 } = params.params as Record<string, unknown>;
    const call = (p: unknown) => () => loose(vmap(grad(u, { argnums: 1 }), [null, 0]))(p, X);
    refused('ERR_NABLA_PARAMETER', ['params.Dense_2'], call({ params: { Dense_0, Dense_1 } }));
    const Dense_2 = { kernel: ones([5, 1]), bias: ones([1]) };
    refused(
      'ERR_NABLA_PARAMETER',
      ['params.Dense_2'],
      call({ params: { Dense_0, Dense_1, Dense_2: { kernel: ones([4, 1]) } } }),
    );
    expect(thrown(call({ params: { Dense_0, Dense_1, Dense_2 } })).message).toContain('params.Dense_2');
  });
});

describe('arguments and options of the wrong kind', () => {
  const f = (x: Array) => np.sum(x);
  const takesOptions = { ...derivatives, jit, vmap: (g: unknown, o: unknown) => vmap(g as never, 0, 0, o as never) };

  it.each(Object.entries(takesOptions))('%s', (name, transform) => {
    const call = (options: unknown) => () => loose(transform)(f, options);
    refused('ERR_NABLA_OPTION', [name, 'options'], call(1));
    refused('ERR_NABLA_OPTION', [name, 'options'], call([0]));
    refused('ERR_NABLA_OPTION', [name, "'nonsense'"], call({ nonsense: 1 }));
  });

  it.each(Object.entries(derivatives))('%s: a foreign spelling, and what it is called here', (_, transform) => {
    refused('ERR_NABLA_OPTION', ["'has_aux'", 'hasAux'], () => loose(transform)(f, { has_aux: true }));
    refused('ERR_NABLA_OPTION', ["'argnum'", 'argnums'], () => loose(transform)(f, { argnum: 1 }));
  });

  it.each(Object.entries(derivatives))('%s: options of the wrong type', (_, transform) => {
    const call = (options: unknown) => () => loose(loose(transform)(f, options))(ones([3]));
    expect(thrown(call({ argnums: 0.5 })).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(call({ argnums: '0' })).code).toMatch(/ERR_NABLA_(OPTION|ARGUMENT)/);
    expect(thrown(call({ hasAux: 1 })).code).toMatch(/ERR_NABLA_(OPTION|AUX)/);
    expect(thrown(call({ argnums: [] })).code).toMatch(/ERR_NABLA_(OPTION|ARGUMENT)/);
    expect(thrown(call({ argnums: [0, 0] })).code).toMatch(/ERR_NABLA_(OPTION|ARGUMENT)/);
  });

  it.each(Object.entries({ ...derivatives, jit, vmap, jvp, vjp, linearize, hvp, explain, makeGraph }))(
    '%s of what is no function',
    (name, transform) => {
      refused('ERR_NABLA_ARGUMENT', [name, 'function'], () => loose(transform)(3, [1], [1]));
      refused('ERR_NABLA_ARGUMENT', [name, 'function'], () => loose(transform)(undefined, [1], [1]));
    },
  );

  it.each(Object.entries({ ...derivatives, jit, vmap }))('%s of an async function', (name, transform) => {
    refused('ERR_NABLA_ARGUMENT', [name, 'promise', 'synchronous'], () =>
      loose(loose(transform)(async (x: Array) => np.sum(x)))(ones([3])),
    );
  });

  it('evaluate rejects as the call would throw', async () => {
    await expect(evaluate(3 as never, [])).rejects.toMatchObject({ code: 'ERR_NABLA_ARGUMENT' });
    await expect(
      evaluate(
        grad((x: Array) => x),
        [ones([3])],
      ),
    ).rejects.toMatchObject({ code: 'ERR_NABLA_NOT_SCALAR' });
    await expect(evaluate(f, [ones([3])], { onprogress: 1 } as never)).rejects.toMatchObject({
      code: 'ERR_NABLA_OPTION',
    });
    await expect(evaluate(f, ones([3]) as never)).rejects.toMatchObject({ code: 'ERR_NABLA_ARGUMENT' });
  });
});

describe('arguments that are no arrays', () => {
  const f = (x: Array) => np.sum(x);

  it('ragged nesting, mixed typed arrays: where, and the lengths', () => {
    refused('ERR_NABLA_SHAPE', ['argument[0]', '2', '3'], () =>
      loose(grad(f))([
        [1, 2],
        [1, 2, 3],
      ]),
    );
    expect(thrown(() => loose(grad(f))([new Float64Array(2), 1])).message).toMatch(/\[0\] is an array of shape \[2\]/);
  });

  it('a typed array where rank 2 is needed: the accepted forms', () => {
    const g = (x: Array) => np.sum(np.matmul(x, ones([3, 2])).at(0, 0));
    refused('ERR_NABLA_AXIS', ['[2]'], () => loose(grad(g))(new Float32Array(3)));
    const h = (x: Array) => np.sum(np.transpose(x, [1, 0]));
    expect(thrown(() => loose(grad(h))(new Float32Array(3))).message).toContain('1');
  });
});
