import type { Array, ArrayLike } from '../array/array.js';
import { formatShape, shapesEqual } from '../array/shape.js';
import { compose } from '../numpy/eager.js';
import type { KeyLike } from '../random/index.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { toArray } from '../trace/trace.js';
import { type Activation, type ActivationFunction, activationFunction, identity } from './activations.js';
import {
  checkInitOptions,
  checkOption,
  DenseLayer,
  type InitOptions,
  inputLength,
  type LayerOptions,
  layerOptions,
} from './dense.js';
import { type DenseLayerParams, entries, type ParamsLike, paramsOf } from './params.js';

export interface MLPOptions extends LayerOptions {
  /** Outputs of each dense layer, first to last; the last is the number m of outputs of the network. */
  features: readonly number[];
  /**
   * Applied after every layer but the last, `'tanh'` unless said otherwise. A list gives one for each layer but the last, or, if it
   * is as long as `features`, one for every layer.
   */
  activation?: Activation | readonly Activation[];
}

/** Parameters of a multilayer perceptron: `{ params: { Dense_0: { kernel: [in, out], bias: [out] }, Dense_1: … } }`. */
export type MLPParams = { readonly params: { readonly [layer: `Dense_${number}`]: DenseLayerParams } };

/**
 * A multilayer perceptron: dense layers with an activation between them, none after the last. Names, tree and initial bits are
 * those of a Flax module that applies `nn.Dense(features[i])` in turn.
 *
 * ```ts
 * const model = new nn.MLP({ features: [20, 20, 1] });
 * const params = model.init(random.PRNGKey(0), [0, 0, 0]);     // for samples of three coordinates
 * const y = model.apply(params, [0.1, -0.2, 0.3]);             // [1]
 * ```
 */
export class MLP {
  readonly features: readonly number[];
  readonly #layers: readonly DenseLayer[];
  readonly #activations: readonly ActivationFunction[];
  readonly #names: readonly string[];

  /** @throws ERR_NABLA_OPTION */
  constructor(options: MLPOptions) {
    checkOptions(options, ['features', 'activation', ...layerOptions], 'MLP');
    const { features, activation = 'tanh' } = options ?? {};
    const list = globalThis.Array.isArray(features) && features.length > 0;
    checkOption(list, 'MLP', 'features', 'a list of at least one positive integer', features);
    this.features = Object.freeze([...features]);
    this.#layers = features.map((outputs, i) => new DenseLayer(outputs, options, `MLP: features[${i}]`));
    this.#names = features.map((_, i) => `Dense_${i}`);
    this.#activations = activations(activation, features.length);
  }

  /**
   * The parameters Flax would make from the same key.
   *
   * @param x an input, of which only the length of the last axis counts
   * @throws ERR_NABLA_ARGUMENT (not a key), ERR_NABLA_SHAPE (a scalar input)
   */
  init(key: KeyLike, x: ArrayLike, options: InitOptions = {}): MLPParams {
    checkInitOptions(options, 'MLP.init');
    const params: Record<string, DenseLayerParams> = {};
    let inputs = inputLength(x, 'MLP.init');
    this.#layers.forEach((layer, i) => {
      const name = this.#names[i] as string;
      params[name] = layer.init(key, [...(options.path ?? []), name], inputs, options);
      inputs = layer.features;
    });
    return { params };
  }

  /**
   * The network's value, for one sample or for several along leading axes.
   *
   * @param x [..., in]
   * @returns [..., features.at(-1)]
   * @throws ERR_NABLA_PARAMETER (missing, superfluous or of the wrong shape), ERR_NABLA_SHAPE, ERR_NABLA_NESTED_MAP
   */
  apply(params: ParamsLike, x: ArrayLike): Array {
    return compose((p: ParamsLike, input: ArrayLike) => this.#forward(p, input), [params, x]);
  }

  #forward(params: ParamsLike, x: ArrayLike): Array {
    const tree = entries(paramsOf(params, 'MLP.apply'), this.#names, 'params');
    let value: ArrayLike = x;
    for (const [i, layer] of this.#layers.entries()) {
      const name = this.#names[i] as string;
      value = this.#activate(i, layer.apply(tree[name], value, `params.${name}`));
    }
    return value as Array;
  }

  #activate(layer: number, z: Array): Array {
    const result = toArray((this.#activations[layer] as ActivationFunction)(z), 'activation');
    if (shapesEqual(result.shape, z.shape)) return result;
    throw new NablaError(
      'ERR_NABLA_SHAPE',
      `MLP: the activation after params.Dense_${layer} turned shape ${formatShape(z.shape)} into ${formatShape(result.shape)}; it ` +
        'must act entry by entry',
      { path: `params.Dense_${layer}`, shapes: [z.shape, result.shape] },
    );
  }
}

/** One function per layer. */
function activations(given: Activation | readonly Activation[], layers: number): ActivationFunction[] {
  if (!globalThis.Array.isArray(given)) {
    const hidden = activationFunction(given, 'MLP');
    return globalThis.Array.from({ length: layers }, (_, i) => (i < layers - 1 ? hidden : identity));
  }
  const list = given as readonly Activation[];
  const counts = `a list of ${layers - 1} (one for each layer but the last) or ${layers}`;
  checkOption(list.length === layers || list.length === layers - 1, 'MLP', 'activation', counts, given);
  return globalThis.Array.from({ length: layers }, (_, i) =>
    i < list.length ? activationFunction(list[i], 'MLP') : identity,
  );
}
