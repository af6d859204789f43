import type { Array, ArrayLike } from '../array/array.js';
import { asArray } from '../array/as-array.js';
import { formatShape, shapesEqual } from '../array/shape.js';
import { promote } from '../numpy/apply.js';
import * as np from '../numpy/index.js';
import type { KeyLike, StreamOptions } from '../random/index.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { isTraced } from '../trace/trace.js';
import { type FloatDType, type Initializer, lecunNormal, zeros } from './initializers.js';
import { type ParamKeyOptions, paramKey } from './param-key.js';
import { type DenseLayerParams, entries, type ParamsLike, paramsOf } from './params.js';

export interface LayerOptions {
  /** dtype of the parameters, `float32` unless said otherwise. */
  dtype?: FloatDType;
  /** Whether to add a bias; true unless said otherwise. */
  useBias?: boolean;
  /** Makes the kernel, `initializers.lecunNormal()` unless said otherwise. */
  kernelInit?: Initializer;
  /** Makes the bias, `initializers.zeros` unless said otherwise. */
  biasInit?: Initializer;
}

export interface DenseOptions extends LayerOptions {
  /** Number of outputs. */
  features: number;
}

export interface InitOptions extends StreamOptions, ParamKeyOptions {
  /**
   * Names of the modules around this one in a Flax model, outermost first: they decide the keys, and with them the numbers.
   * The parameters come as those of this module alone.
   */
  path?: readonly string[];
}

const layerOptions = ['dtype', 'useBias', 'kernelInit', 'biasInit'] as const;
const initOptions = ['partitionable', 'rngSeparator', 'path'] as const;

/** Resolved options of a dense layer: y = x · kernel + bias, x [..., in], kernel [in, out], bias [out], y [..., out]. */
export class DenseLayer {
  readonly features: number;
  readonly dtype: FloatDType;
  readonly useBias: boolean;
  readonly #kernelInit: Initializer;
  readonly #biasInit: Initializer;

  /** @throws ERR_NABLA_OPTION for a value that is not one of those accepted */
  constructor(features: unknown, options: LayerOptions, what: string) {
    const { dtype = 'float32', useBias = true, kernelInit = lecunNormal(), biasInit = zeros } = options;
    this.features = checkFeatures(features, what);
    checkOption(dtype === 'float32' || dtype === 'float64', what, 'dtype', "'float32' or 'float64'", dtype);
    checkOption(typeof useBias === 'boolean', what, 'useBias', 'true or false', useBias);
    checkOption(typeof kernelInit === 'function', what, 'kernelInit', 'an initialiser', kernelInit);
    checkOption(typeof biasInit === 'function', what, 'biasInit', 'an initialiser', biasInit);
    this.dtype = dtype;
    this.useBias = useBias;
    this.#kernelInit = kernelInit;
    this.#biasInit = biasInit;
  }

  /** @param path names from the model to this layer, which decide its keys */
  init(key: KeyLike, path: readonly string[], inputs: number, options: InitOptions): DenseLayerParams {
    const stream: StreamOptions = options.partitionable === undefined ? {} : { partitionable: options.partitionable };
    const draw = (initialise: Initializer, counter: number, shape: readonly number[], name: string): Array => {
      const value = asArray(initialise(paramKey(key, path, counter, options), shape, this.dtype, stream), {
        what: `${name} initialiser`,
      });
      if (shapesEqual(value.shape, shape) && value.dtype === this.dtype) return value;
      throw new NablaError(
        'ERR_NABLA_PARAMETER',
        `the initialiser of ${['params', ...path, name].join('.')} returned ${value.dtype}${formatShape(value.shape)} where ` +
          `${this.dtype}${formatShape(shape)} was expected`,
        { path: ['params', ...path, name].join('.'), shape: value.shape, expected: shape },
      );
    };
    const kernel = draw(this.#kernelInit, 1, [inputs, this.features], 'kernel');
    return this.useBias ? { kernel, bias: draw(this.#biasInit, 2, [this.features], 'bias') } : { kernel };
  }

  /** @param path of the layer in the parameter tree, for messages: `params.Dense_0` */
  apply(params: unknown, x: ArrayLike, path: string): Array {
    const given = entries(params, this.useBias ? ['kernel', 'bias'] : ['kernel'], path);
    const { kernel, bias } = given as { kernel: ArrayLike; bias?: ArrayLike };
    const operands = promote(path, bias === undefined ? [x, kernel] : [x, kernel, bias]).arrays;
    const [input, weights, offset] = operands as [Array, Array, Array | undefined];
    const { features } = this;
    if (weights.ndim !== 2 || weights.shape[1] !== features) {
      throw wrongShape(`${path}.kernel`, weights, `[in, ${features}]`);
    }
    if (offset !== undefined && !shapesEqual(offset.shape, [features])) {
      throw wrongShape(`${path}.bias`, offset, `[${features}]`);
    }
    if (input.ndim === 0) throw scalarInput(input, weights, path);
    if (input.shape.at(-1) !== weights.shape[0]) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `${path}: the last axis of the input of shape ${formatShape(input.shape)} must be as long as the first of the kernel of ` +
          `shape ${formatShape(weights.shape)}: ${weights.shape[0]}, not ${input.shape.at(-1)}`,
        { path, input: input.shape, kernel: weights.shape },
      );
    }
    const product = np.matmul(input, weights);
    return offset === undefined ? product : np.add(product, offset);
  }
}

/** A dense layer on its own: a model whose parameters are `{ params: { kernel, bias } }`. */
export class Dense {
  readonly #layer: DenseLayer;

  /** @throws ERR_NABLA_OPTION */
  constructor(options: DenseOptions) {
    checkOptions(options, ['features', ...layerOptions], 'Dense');
    this.#layer = new DenseLayer(options?.features, options ?? {}, 'Dense');
  }

  get features(): number {
    return this.#layer.features;
  }

  /**
   * The parameters Flax would make from the same key.
   *
   * @param x an input, of which only the length of the last axis counts
   * @throws ERR_NABLA_ARGUMENT (not a key), ERR_NABLA_SHAPE (a scalar input)
   */
  init(key: KeyLike, x: ArrayLike, options: InitOptions = {}): { params: DenseLayerParams } {
    checkInitOptions(options, 'Dense.init');
    return { params: this.#layer.init(key, options.path ?? [], inputLength(x, 'Dense.init'), options) };
  }

  /**
   * y = x · kernel + bias, for one sample or for several along leading axes.
   *
   * @param x [..., in]
   * @returns [..., out]
   * @throws ERR_NABLA_PARAMETER (missing, superfluous or of the wrong shape), ERR_NABLA_SHAPE, ERR_NABLA_NESTED_MAP
   */
  apply(params: ParamsLike, x: ArrayLike): Array {
    return this.#layer.apply(paramsOf(params, 'Dense.apply'), x, 'params');
  }
}

/** Length of the last axis of an example input. @throws ERR_NABLA_SHAPE for a scalar */
export function inputLength(x: ArrayLike, what: string): number {
  const { shape } = asArray(x, { what: `${what}: x` });
  if (shape.length > 0) return shape.at(-1) as number;
  throw new NablaError(
    'ERR_NABLA_SHAPE',
    `${what}: expected an input with at least one axis, [..., in], but received a scalar; one number is written [x]`,
    { operation: what, shape },
  );
}

export function checkInitOptions(options: InitOptions, what: string): void {
  checkOptions(options, initOptions, what);
  const { path = [] } = options;
  const names = globalThis.Array.isArray(path) && path.every((name) => typeof name === 'string');
  checkOption(names, what, 'path', 'a list of names', path);
}

export { layerOptions };

function checkFeatures(features: unknown, what: string): number {
  const valid = typeof features === 'number' && Number.isSafeInteger(features) && features > 0;
  checkOption(valid, what, 'features', 'a positive integer', features);
  return features as number;
}

export function checkOption(valid: boolean, what: string, option: string, expected: string, given: unknown): void {
  if (valid) return;
  throw new NablaError(
    'ERR_NABLA_OPTION',
    `${what}: expected ${expected} for ${option} but received ${describe(given)}`,
    {
      operation: what,
      option,
      given,
    },
  );
}

function wrongShape(path: string, given: Array, expected: string): NablaError {
  return new NablaError(
    'ERR_NABLA_PARAMETER',
    `${path}: expected shape ${expected} but received ${formatShape(given.shape)}`,
    { path, shape: given.shape, expected },
  );
}

/** The symptom of mapping a batched derivative again: `vmap(grad(vmap(grad(u))))`. */
function scalarInput(x: Array, kernel: Array, path: string): NablaError {
  const facts = { path, input: x.shape, kernel: kernel.shape };
  const inputs = kernel.shape[0];
  const asVector = 'if the input is a single number, make it a vector of one: reshape(x, [1])';
  if (!isTraced(x)) {
    return new NablaError(
      'ERR_NABLA_SHAPE',
      `${path}: expected an input of shape [..., ${inputs}] but received a scalar; ${asVector}`,
      facts,
    );
  }
  return new NablaError(
    'ERR_NABLA_NESTED_MAP',
    `${path}: Dense met a scalar where it expects the ${inputs} coordinates of a sample. The inner vmap maps over the coordinates ` +
      'of one sample instead of over samples: that is what vmap(grad(vmap(grad(u)))) does, because the function it maps again ' +
      'takes a batch. Second derivatives of one sample are hessian(u), and those of a batch vmap(hessian(u), [null, 0])' +
      ` (with { argnums: 1 } if u takes the parameters first); ${asVector}`,
    facts,
  );
}
