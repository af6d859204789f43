import type { Array, ArrayLike } from '../array/array.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';

/** The arrays of one layer, by name. */
export type LayerParams<Leaf = Array> = { readonly [name: string]: Leaf | undefined };

/**
 * The parameters of a model in Flax's form: `{ params: { Dense_0: { kernel, bias }, … } }`, or `{ params: { kernel, bias } }` for a
 * layer on its own. Not nested without limit: the transforms' types walk through it.
 */
export type Params<Leaf = Array> = {
  readonly params: { readonly [name: string]: Leaf | LayerParams<Leaf> | undefined };
};

/** Parameters with anything that stands for an array as leaves: nested lists, typed arrays, `{ data, shape }`. */
export type ParamsLike = Params<ArrayLike>;

/** The parameters of one dense layer: kernel [in, out] and, unless `useBias` is false, bias [out]. */
export type DenseLayerParams = { readonly kernel: Array; readonly bias?: Array };

/**
 * The entries of one node of a parameter tree, checked to be exactly `names`.
 * @throws ERR_NABLA_PARAMETER naming the path of what is missing or superfluous
 */
export function entries(node: unknown, names: readonly string[], path: string): Record<string, unknown> {
  const plain = typeof node === 'object' && node !== null && !globalThis.Array.isArray(node) && !('shape' in node);
  if (!plain) {
    throw new NablaError(
      'ERR_NABLA_PARAMETER',
      `${path}: expected an object { ${names.join(', ')} } but received ${describe(node)}`,
      { path, expected: names },
    );
  }
  const given = node as Record<string, unknown>;
  for (const name of names) {
    if (given[name] !== undefined && given[name] !== null) continue;
    throw new NablaError(
      'ERR_NABLA_PARAMETER',
      `${path}.${name} is missing: the model expects { ${names.join(', ')} } in ${path} but there ${
        Object.keys(given).length === 0 ? 'is nothing' : `are { ${Object.keys(given).join(', ')} }`
      }`,
      { path: `${path}.${name}`, expected: names, given: Object.keys(given) },
    );
  }
  for (const name of Object.keys(given)) {
    if (names.includes(name) || given[name] === undefined || given[name] === null) continue;
    throw new NablaError(
      'ERR_NABLA_PARAMETER',
      `${path}.${name} belongs to no layer: the model expects { ${names.join(', ')} } in ${path}`,
      { path: `${path}.${name}`, expected: names, given: Object.keys(given) },
    );
  }
  return given;
}

/** The tree below the key `params`. @throws ERR_NABLA_PARAMETER */
export function paramsOf(params: unknown, what: string): unknown {
  if (typeof params === 'object' && params !== null && 'params' in params && params.params) return params.params;
  throw new NablaError(
    'ERR_NABLA_PARAMETER',
    `${what}: expected parameters { params: … } as init returns them but received ${describe(params)}`,
    { path: 'params', operation: what },
  );
}
