import { describe, expect, expectTypeOf, it } from 'vitest';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { recordGraph } from '../../lib/trace/trace.js';
import { thrown } from '../support/thrown.js';

const key = random.PRNGKey(0);
const kernel = [
  [1, 2, 3],
  [4, 5, 6],
];
const bias = [10, 20, 30];

describe('Dense', () => {
  const layer = new nn.Dense({ features: 3 });

  it('is x · kernel + bias, over any leading axes', () => {
    const params = { params: { kernel, bias } };
    expect(layer.apply(params, [1, -1]).toArray()).toEqual([7, 17, 27]);
    const batch = layer.apply(params, [
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    expect(batch.shape).toEqual([1, 2, 3]);
    expect(batch.toArray()).toEqual([
      [
        [11, 22, 33],
        [14, 25, 36],
      ],
    ]);
    expect(layer.apply(params, np.zeros([0, 2])).shape).toEqual([0, 3]);
  });

  it('without bias', () => {
    const plain = new nn.Dense({ features: 3, useBias: false });
    expect(Object.keys(plain.init(key, [1, 2]).params)).toEqual(['kernel']);
    expect(plain.apply({ params: { kernel } }, [1, -1]).toArray()).toEqual([-3, -3, -3]);
  });

  it('takes parameters in every form of an array', () => {
    const forms = { kernel: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }, bias: Float32Array.from(bias) };
    expect(layer.apply({ params: forms }, Float32Array.of(1, -1)).toArray()).toEqual([7, 17, 27]);
  });

  it('mixed precisions promote to float64, and plain numbers adopt the others’', () => {
    const params = layer.init(key, [0, 0]);
    expect(layer.apply(params, [1, 2]).dtype).toBe('float32');
    expect(layer.apply(params, Float64Array.of(1, 2)).dtype).toBe('float64');
    const exact = layer.apply({ params: { kernel: [[0.1, 0, 0]], bias: [0, 0, 0] } }, Float64Array.of(1));
    expect(exact.toArray()).toEqual([0.1, 0, 0]);
  });

  it('works on values being traced', () => {
    const params = layer.init(key, [0, 0]);
    const graph = recordGraph((trace) => [layer.apply(params, trace.input([7, 2], 'float32'))]);
    expect(graph.outputs[0]!.shape).toEqual([7, 3]);
    const ofParams = recordGraph((trace) => {
      const own = { params: { kernel: trace.input([2, 3], 'float64'), bias: trace.input([3], 'float64') } };
      return [layer.apply(own, [1, 2])];
    });
    expect(ofParams.outputs[0]).toMatchObject({ shape: [3], dtype: 'float64' });
  });

  it('has types', () => {
    expectTypeOf(layer.init(key, [0, 0])).toExtend<nn.Params>();
    expectTypeOf(layer.init(key, [0, 0]).params.kernel).toEqualTypeOf<np.Array>();
    expectTypeOf<nn.Params>().toExtend<nn.ParamsLike>();
  });
});

describe('Dense refuses', () => {
  const layer = new nn.Dense({ features: 3 });
  const params = { params: { kernel, bias } };

  it.each([
    ['no features', {}],
    ['features 0', { features: 0 }],
    ['fraction', { features: 1.5 }],
    ['list', { features: [3] }],
    ['dtype', { features: 3, dtype: 'int32' }],
    ['useBias', { features: 3, useBias: 1 }],
    ['kernelInit', { features: 3, kernelInit: 'zeros' }],
    ['use_bias', { features: 3, use_bias: false }],
    ['nothing', undefined],
  ])('options: %s', (_, options) => {
    expect(thrown(() => new nn.Dense(options as never)).code).toBe('ERR_NABLA_OPTION');
  });

  it('a scalar for an example input', () => {
    const error = thrown(() => layer.init(key, 3));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    expect(error.message).toContain('[x]');
  });

  it('something that is no key, and options of init there are not', () => {
    expect(thrown(() => layer.init(0 as never, [1, 2])).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => layer.init(key, [1, 2], { seed: 1 } as never)).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => layer.init(key, [1, 2], { path: 'net' } as never)).code).toBe('ERR_NABLA_OPTION');
  });

  it('an initialiser that returns another shape or dtype', () => {
    const transposed = new nn.Dense({ features: 3, kernelInit: (k, [a, b]) => random.normal(k, [b!, a!]) });
    const error = thrown(() => transposed.init(key, [1, 2]));
    expect(error.code).toBe('ERR_NABLA_PARAMETER');
    expect(error.message).toContain('params.kernel');
    expect(error.message).toContain('[2, 3]');
    const single = new nn.Dense({ features: 3, dtype: 'float64', biasInit: (_, shape) => np.zeros(shape) });
    expect(thrown(() => single.init(key, [1, 2])).message).toContain('params.bias');
  });

  it.each([
    ['nothing', undefined, 'params'],
    ['the inner tree', params.params, 'params'],
    ['an array', np.zeros([2, 3]), 'params'],
    ['a missing kernel', { params: { bias } }, 'params.kernel'],
    ['a missing bias', { params: { kernel } }, 'params.bias'],
    ['null for an array', { params: { kernel, bias: null } }, 'params.bias'],
    ['an array for the layer', { params: kernel }, 'params'],
    ['one too many', { params: { kernel, bias, scale: [1] } }, 'params.scale'],
    ['a kernel of other features', { params: { kernel: [[1, 2]], bias } }, 'params.kernel'],
    ['a kernel that is a vector', { params: { kernel: [1, 2, 3], bias } }, 'params.kernel'],
    ['a bias of another length', { params: { kernel, bias: [1, 2] } }, 'params.bias'],
  ])('parameters: %s', (_, given, path) => {
    const error = thrown(() => layer.apply(given as never, [1, 2]));
    expect(error.code).toBe('ERR_NABLA_PARAMETER');
    expect(error.details.path).toBe(path);
    expect(error.message).toContain(path);
  });

  it('an input whose last axis the kernel does not have', () => {
    const error = thrown(() => layer.apply(params, np.zeros([5, 3])));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    expect(error.details).toMatchObject({ path: 'params', input: [5, 3], kernel: [2, 3] });
    expect(error.message).toContain('[5, 3]');
    expect(error.message).toContain('[2, 3]');
  });

  it('integers', () => {
    expect(thrown(() => layer.apply(params, Int32Array.of(1, 2))).code).toBe('ERR_NABLA_DTYPE');
  });

  it('a scalar input, saying how to write it', () => {
    const error = thrown(() => layer.apply(params, 1));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    expect(error.message).toContain('reshape(x, [1])');
  });

  it('a traced scalar: the inner map of vmap(grad(vmap(grad(u))))', () => {
    const error = thrown(() => recordGraph((trace) => [layer.apply(params, trace.input([], 'float32'))]));
    expect(error.code).toBe('ERR_NABLA_NESTED_MAP');
    expect(error.details).toMatchObject({ path: 'params', input: [], kernel: [2, 3] });
    for (const part of ['scalar', 'coordinates of one sample', 'hessian(u)', 'vmap(hessian(u), [null, 0])']) {
      expect(error.message).toContain(part);
    }
  });
});
