import { createHash } from 'node:crypto';
import { foldIn, type Key, type KeyLike } from '../random/index.js';

export interface ParamKeyOptions {
  /**
   * Put a zero byte before every part of what is hashed, as Flax does with FLAX_FIX_RNG_SEPARATOR=1, so that the paths
   * ['ab', 'c'] and ['a', 'bc'] differ. False, Flax's default, unless said otherwise.
   */
  rngSeparator?: boolean;
}

/**
 * The key Flax draws a parameter with: the model's key folded with the first four bytes of the SHA-1 of the layer's path and a
 * counter (`flax/core/scope.py`, LazyRng). So a layer's numbers depend on its name and on nothing else of the model.
 *
 * @param root the key given to `init`
 * @param path names of the modules from the model down to the layer, [] for a layer on its own
 * @param counter 1 for the layer's first parameter, 2 for its second
 */
export function paramKey(root: KeyLike, path: readonly string[], counter: number, options: ParamKeyOptions = {}): Key {
  const separator = options.rngSeparator === true ? Buffer.from([0]) : Buffer.alloc(0);
  const hash = createHash('sha1');
  for (const name of path) hash.update(separator).update(name, 'utf8');
  hash.update(separator).update(bigEndian(counter));
  return foldIn(root, hash.digest().readUInt32BE(0));
}

/** A positive integer in as few bytes as it needs, most significant first. */
function bigEndian(n: number): Buffer {
  const hex = n.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}
