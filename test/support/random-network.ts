import fc from 'fast-check';
import type { Array, DType } from '../../lib/array/array.js';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';

type Float = Extract<DType, 'float32' | 'float64'>;

export interface Network {
  readonly features: readonly number[];
  readonly activation: nn.ActivationName;
  readonly d: number;
  readonly apply: (params: nn.ParamsLike, x: Array) => Array;
  /** The first output as a scalar. */
  readonly u: (params: nn.ParamsLike, x: Array) => Array;
  readonly params: nn.ParamsLike;
  /** N points of the standard normal distribution, [N, d]. */
  readonly points: (N: number, seed?: number) => Array;
}

/** A network with the kernels Flax would start from and biases that are not zero. */
export function network(
  features: readonly number[],
  d: number,
  { activation = 'tanh', dtype = 'float64' }: { activation?: nn.ActivationName; dtype?: Float } = {},
): Network {
  const biasInit: nn.Initializer = (key, shape, type) =>
    random.uniform(key, shape, { dtype: type as Float, minval: -0.5, maxval: 0.5 });
  const model = new nn.MLP({ features, activation, dtype, biasInit });
  const apply = (params: nn.ParamsLike, x: Array) => model.apply(params, x);
  return {
    features,
    activation,
    d,
    apply,
    u: (params, x) => apply(params, x).at(0),
    params: model.init(random.PRNGKey(7), np.zeros([d])),
    points: (N, seed = 1) => random.normal(random.PRNGKey(seed), [N, d], { dtype }),
  };
}

/** Smooth activations: the others have no second derivative to speak of. */
export const smooth = [
  'tanh',
  'sin',
  'sigmoid',
  'softplus',
  'silu',
  'geluErf',
  'geluTanh',
] as const satisfies readonly nn.ActivationName[];

/** Random networks of 1 to 4 layers, up to 9 wide, d up to 6 inputs, up to `outputs` outputs. */
export const networks = (outputs = 3): fc.Arbitrary<Network> =>
  fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
      fc.integer({ min: 1, max: outputs }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(...smooth),
    )
    .map(([hidden, m, d, activation]) => network([...hidden, m], d, { activation }));
