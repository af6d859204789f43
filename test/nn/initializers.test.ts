import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as nn from '../../lib/nn/index.js';
import type { Initializer } from '../../lib/nn/initializers.js';
import { paramKey } from '../../lib/nn/param-key.js';
import * as random from '../../lib/random/index.js';
import { golden, pattern, patterns } from '../support/bits.js';
import { thrown } from '../support/thrown.js';

type Float = 'float32' | 'float64';

interface Seeds {
  cases: {
    features: number[];
    d: number;
    seed: number;
    dtype: Float;
    kernels: Record<string, string[]>;
    shapes: Record<string, number[]>;
  }[];
}

describe.each(golden<Seeds>('init.json').cases)('MLP $features, seed $seed, $dtype', (expected) => {
  const model = new nn.MLP({ features: expected.features, dtype: expected.dtype });
  const { params } = model.init(random.PRNGKey(expected.seed), {
    data: new Float32Array(expected.d),
    shape: [expected.d],
  });

  it.each(Object.keys(expected.kernels))('%s', (name) => {
    const layer = params[name as 'Dense_0'] as { kernel: Array; bias: Array };
    expect(layer.kernel.shape).toEqual(expected.shapes[name]);
    expect(layer.kernel.dtype).toBe(expected.dtype);
    expect(patterns(layer.kernel)).toEqual(expected.kernels[name]);
    expect(layer.bias.shape).toEqual([expected.shapes[name]![1]]);
    expect(layer.bias.dtype).toBe(expected.dtype);
    expect([...layer.bias.data].every((x) => Object.is(x, 0))).toBe(true);
  });
});

type Call = [name: string, ...args: unknown[]];

interface Tree {
  [name: string]: Tree | { shape: number[]; dtype: Float; values: string };
}

interface Initialisers {
  initialisers: {
    key: number[];
    cases: { name: string; arguments: unknown[]; dtype: Float; values: Record<string, string> }[];
    axes: string;
  };
  models: {
    name: 'MLP' | 'Dense';
    seed: number;
    inputs: number;
    options: { features: number | number[]; dtype?: Float; useBias?: boolean; kernelInit?: string; biasInit?: Call };
    init: nn.InitOptions;
    params: Tree;
  }[];
}

const { initialisers, models } = golden<Initialisers>('initialisers.json');

function initialiser([name, ...args]: Call): Initializer {
  if (name === 'zeros' || name === 'ones') return nn.initializers[name];
  const make = nn.initializers[name as 'varianceScaling'] as (...args: unknown[]) => Initializer;
  return make(...args);
}

describe('jax.nn.initializers', () => {
  it.each(initialisers.cases)('$name($arguments) $dtype', ({ name, arguments: args, dtype, values }) => {
    const initialise = initialiser([name, ...args]);
    for (const [shape, expected] of Object.entries(values)) {
      const result = initialise(initialisers.key, JSON.parse(shape), dtype);
      expect(result.shape).toEqual(JSON.parse(shape));
      expect(result.dtype).toBe(dtype);
      expect(pattern(result)).toBe(expected);
    }
  });

  it('axes of one’s own', () => {
    const fans = { inAxis: [0, 1], outAxis: 3, batchAxis: 2 };
    const initialise = nn.initializers.varianceScaling(1, 'fan_in', 'normal', fans);
    expect(pattern(initialise(initialisers.key, [2, 3, 4, 5]))).toBe(initialisers.axes);
  });

  it('the dtype given to an initialiser is that of calls which name none', () => {
    expect(nn.initializers.normal(1, 'float64')([0, 0], [2]).dtype).toBe('float64');
    expect(nn.initializers.heNormal({ dtype: 'float64' })([0, 0], [2, 2]).dtype).toBe('float64');
    expect(nn.initializers.constant(3, 'float64')([0, 0], [2], 'float32').dtype).toBe('float32');
  });

  it('refuse what they cannot use', () => {
    const key = random.PRNGKey(0);
    const error = thrown(() => nn.initializers.lecunNormal()(key, [5]));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    expect(error.message).toContain('[5]');
    expect(thrown(() => nn.initializers.constant(Number.NaN)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => nn.initializers.normal('1' as never)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => nn.initializers.varianceScaling(1, 'fanIn' as never, 'normal')).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => nn.initializers.heNormal({ in_axis: 0 } as never)).message).toContain('inAxis');
    expect(thrown(() => nn.initializers.heNormal({ inAxis: 4 })(key, [2, 3])).code).toBe('ERR_NABLA_AXIS');
  });
});

describe.each(models)('Flax $name $options, $init', ({ name, seed, inputs, options, init, params: expected }) => {
  const own = {
    ...options,
    ...(options.kernelInit === undefined ? {} : { kernelInit: initialiser([options.kernelInit]) }),
    ...(options.biasInit === undefined ? {} : { biasInit: initialiser(options.biasInit) }),
  };
  const model = name === 'MLP' ? new nn.MLP(own as nn.MLPOptions) : new nn.Dense(own as nn.DenseOptions);
  const { params } = model.init(random.PRNGKey(seed, { x64: true }), new Float32Array(inputs), init);

  const compare = (given: unknown, wanted: Tree[string]): void => {
    if (typeof wanted.values === 'string') {
      const array = given as Array;
      expect(array.shape).toEqual(wanted.shape);
      expect(array.dtype).toBe(wanted.dtype);
      expect(pattern(array)).toBe(wanted.values);
      return;
    }
    const node = given as Record<string, unknown>;
    expect(Object.keys(node).toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const key of Object.keys(wanted)) compare(node[key], (wanted as Tree)[key]!);
  };

  it('has the same tree and bits', () => compare(params, expected));
});

describe('paramKey', () => {
  it('is the published example', () => {
    expect([...paramKey(random.PRNGKey(0), ['Dense_0'], 1).data]).toEqual([3043437727, 3662875008]);
  });

  it('tells paths apart only with the separator', () => {
    const key = random.PRNGKey(0);
    const of = (path: string[], rngSeparator: boolean) => paramKey(key, path, 1, { rngSeparator }).toArray();
    expect(of(['ab', 'c'], false)).toEqual(of(['a', 'bc'], false));
    expect(of(['ab', 'c'], true)).not.toEqual(of(['a', 'bc'], true));
  });
});
