/** Neural networks with Flax's names, parameter trees and initial values. Any function over a pytree of arrays is a model too. */
export {
  type Activation,
  type ActivationFunction,
  type ActivationName,
  elu,
  geluErf,
  geluTanh,
  geluTanh as gelu,
  identity,
  relu,
  sigmoid,
  silu,
  sin,
  softplus,
  tanh,
} from './activations.js';
export { Dense, type DenseOptions, type InitOptions, type LayerOptions } from './dense.js';
export type { Initializer } from './initializers.js';
export * as initializers from './initializers.js';
export { MLP, type MLPOptions, type MLPParams } from './mlp.js';
export type { DenseLayerParams, LayerParams, Params, ParamsLike } from './params.js';
