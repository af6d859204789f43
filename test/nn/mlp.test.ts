import { describe, expect, expectTypeOf, it } from 'vitest';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { recordGraph } from '../../lib/trace/trace.js';
import { golden } from '../support/bits.js';
import { thrown } from '../support/thrown.js';

const key = random.PRNGKey(0);

interface Derivatives {
  cases: {
    features: number[];
    activation: nn.ActivationName;
    params: nn.ParamsLike;
    X: number[][];
    apply: number[][];
  }[];
}

describe.each(golden<Derivatives>('derivatives.json').cases)('MLP $features, $activation', (expected) => {
  const { features, activation } = expected;
  const model = new nn.MLP({ features, activation });
  const largest = Math.max(...expected.apply.flat(2).map(Math.abs));

  it.each([
    ['float64', 1e-12],
    ['float32', 2e-5],
  ] as const)('apply in %s', (dtype, tolerance) => {
    const X = np.array(expected.X, { dtype });
    const double = dtype === 'float64';
    const params = double ? expected.params : singles(expected.params);
    const all = model.apply(params, X);
    expect(all.dtype).toBe(dtype);
    expect(all.shape).toEqual([expected.X.length, expected.features.at(-1)]);
    expected.X.forEach((x, i) => {
      const one = model.apply(params, np.array(x, { dtype }));
      expect(one.shape).toEqual([expected.features.at(-1)]);
      [expected.apply[i]!].flat().forEach((value, j) => {
        expect(Math.abs(one.data[j]! - value)).toBeLessThanOrEqual(tolerance * largest);
        expect(Math.abs(all.data[i * one.size + j]! - value)).toBeLessThanOrEqual(tolerance * largest);
      });
    });
  });
});

function singles(params: nn.ParamsLike): nn.ParamsLike {
  const layers = Object.entries(params.params as Record<string, Record<string, np.ArrayLike>>);
  return {
    params: Object.fromEntries(
      layers.map(([name, layer]) => [
        name,
        Object.fromEntries(Object.entries(layer).map(([leaf, x]) => [leaf, np.array(x, { dtype: 'float32' })])),
      ]),
    ),
  };
}

describe('MLP', () => {
  it('has Flax’s tree', () => {
    const model = new nn.MLP({ features: [4, 2] });
    const { params } = model.init(key, [[1, 2, 3]]);
    expect(Object.keys(params)).toEqual(['Dense_0', 'Dense_1']);
    expect(params.Dense_0!.kernel.shape).toEqual([3, 4]);
    expect(params.Dense_1!.kernel.shape).toEqual([4, 2]);
    expect(params.Dense_1!.bias!.shape).toEqual([2]);
    expect(model.features).toEqual([4, 2]);
  });

  it('a layer’s numbers do not depend on the other layers', () => {
    const short = new nn.MLP({ features: [4, 2] }).init(key, [1, 2, 3]);
    const long = new nn.MLP({ features: [4, 2, 7] }).init(key, [1, 2, 3]);
    expect(short.params.Dense_1!.kernel.toArray()).toEqual(long.params.Dense_1!.kernel.toArray());
  });

  it('works on values being traced', () => {
    const model = new nn.MLP({ features: [4, 2] });
    const params = model.init(key, [1, 2, 3]);
    const graph = recordGraph((trace) => [model.apply(params, trace.input([3], 'float32'))]);
    expect(graph.outputs[0]!.shape).toEqual([2]);
  });

  it('one activation stands between the layers and not after the last', () => {
    const model = new nn.MLP({ features: [1, 1], activation: 'relu' });
    const params = (a: number, b: number) => ({
      params: { Dense_0: { kernel: [[a]], bias: [0] }, Dense_1: { kernel: [[b]], bias: [0] } },
    });
    expect(model.apply(params(-1, 1), [2]).toArray()).toEqual([0]);
    expect(model.apply(params(1, -1), [2]).toArray()).toEqual([-2]);
  });

  it('a list gives one per layer, the last optionally', () => {
    const one = { kernel: [[1]], bias: [0] };
    const params = { params: { Dense_0: one, Dense_1: one, Dense_2: one } };
    const square: nn.ActivationFunction = (x) => np.square(x);
    const features = [1, 1, 1];
    const hidden = new nn.MLP({ features, activation: [square, 'identity'] });
    expect(hidden.apply(params, [-3]).toArray()).toEqual([9]);
    const all = new nn.MLP({ features, activation: [square, 'identity', (x) => np.neg(x)] });
    expect(all.apply(params, [-3]).toArray()).toEqual([-9]);
  });

  it('has types', () => {
    const params = new nn.MLP({ features: [1] }).init(key, [1]);
    expectTypeOf(params).toExtend<nn.Params>();
    expectTypeOf(params.params.Dense_0!.kernel).toEqualTypeOf<np.Array>();
    const u = (p: nn.Params, x: np.Array) => new nn.MLP({ features: [1] }).apply(p, x);
    expect(u(params, np.array([1])).shape).toEqual([1]);
  });
});

describe('MLP refuses', () => {
  it.each([
    ['no features', {}],
    ['empty', { features: [] }],
    ['number', { features: 3 }],
    ['zero width', { features: [3, 0] }],
    ['unknown activation', { features: [1, 1], activation: 'swish' }],
    ['inherited name', { features: [1, 1], activation: 'toString' }],
    ['list too short', { features: [1, 1, 1], activation: ['tanh'] }],
    ['list too long', { features: [1, 1], activation: ['tanh', 'tanh', 'tanh'] }],
    ['not a name in the list', { features: [1, 1], activation: [null] }],
    ['layers', { features: [1], layers: 2 }],
  ])('options: %s', (_, options) => {
    expect(thrown(() => new nn.MLP(options as never)).code).toBe('ERR_NABLA_OPTION');
  });

  it('names the known activations', () => {
    expect(thrown(() => new nn.MLP({ features: [1, 1], activation: 'Tanh' as never })).message).toContain("'softplus'");
  });

  const model = new nn.MLP({ features: [4, 2] });
  const params = model.init(key, [1, 2, 3]);

  it.each([
    ['a missing layer', { params: { Dense_0: params.params.Dense_0 } }, 'params.Dense_1'],
    ['a layer too many', { params: { ...params.params, Dense_2: params.params.Dense_0 } }, 'params.Dense_2'],
    ['an empty layer', { params: { ...params.params, Dense_1: {} } }, 'params.Dense_1.kernel'],
    [
      'layers swapped',
      { params: { Dense_0: params.params.Dense_1, Dense_1: params.params.Dense_0 } },
      'params.Dense_0.kernel',
    ],
  ])('parameters: %s', (_, given, path) => {
    const error = thrown(() => model.apply(given as never, [1, 2, 3]));
    expect(error.code).toBe('ERR_NABLA_PARAMETER');
    expect(error.details.path).toBe(path);
    expect(error.message).toContain(path);
  });

  it('an input of another length, naming the layer and both shapes', () => {
    const error = thrown(() => model.apply(params, np.zeros([32, 2])));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    for (const part of ['params.Dense_0', '[32, 2]', '[3, 4]']) expect(error.message).toContain(part);
    const traced = thrown(() => recordGraph((trace) => [model.apply(params, trace.input([2], 'float32'))]));
    expect(traced.code).toBe('ERR_NABLA_SHAPE');
    expect(traced.details).toMatchObject({ path: 'params.Dense_0', input: [2], kernel: [3, 4] });
  });

  it('a traced scalar', () => {
    const error = thrown(() => recordGraph((trace) => [model.apply(params, trace.input([], 'float32'))]));
    expect(error.code).toBe('ERR_NABLA_NESTED_MAP');
    expect(error.message).toContain('params.Dense_0');
  });

  it('an activation that changes the shape', () => {
    const summing = new nn.MLP({ features: [4, 2], activation: (x) => np.sum(x) });
    const error = thrown(() => summing.apply(params, [1, 2, 3]));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    expect(error.message).toContain('params.Dense_0');
  });
});
