/** Random numbers, bit for bit those of `jax.random`. Nothing is hidden: the same key gives the same numbers, always. */
export { type DesignOptions, halton, latinHypercube, sobol } from './designs.js';
export {
  type BitsOptions,
  bits,
  type DistributionOptions,
  normal,
  truncatedNormal,
  type UniformOptions,
  uniform,
} from './distributions.js';
export {
  type ChoiceOptions,
  choice,
  type PermutationOptions,
  permutation,
  type RandintOptions,
  randint,
} from './integers.js';
export { foldIn, type Key, type KeyLike, key, PRNGKey, type SeedOptions, type StreamOptions, split } from './key.js';
