import type { Array } from '../array/array.js';
import { formatShape } from '../array/shape.js';
import { execute } from '../compile/execute.js';
import { batch, unbatch } from '../graph/build.js';
import { MapAxis } from '../graph/node.js';
import { simplify } from '../graph/simplify.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { arrayOf, nodeOf, toArray } from '../trace/trace.js';
import { type AxisTree, broadcastAxes, broadcastPrefix } from '../tree/prefix.js';
import { flatten, flattenList, unflatten } from '../tree/tree.js';
import { callTraced, checkFunction, liveVariables, transformed, withinMap } from './dispatch.js';
import type { Inputs } from './types.js';

export interface VmapOptions {
  /** The number of samples, where no argument tells it (all of `inAxes` null). */
  axisSize?: number;
}

/**
 * Maps a function written for one sample over a batch, without a loop: the function sees arguments without the mapped axis.
 *
 * @param inAxes per argument the axis to map over: a number (negative ones from the end), null for an argument all samples
 *   share, or a tree prefix of these; one number for all arguments
 * @param outAxes where the batch axis goes in the result(s), a number or tree prefix; null for a result that does not depend
 *   on the sample
 * @throws ERR_NABLA_AXIS (inAxes of the wrong length, nothing mapped, sizes that differ, an axis beyond the rank, a scalar
 *   mapped, outAxes null for a mapped result), each naming the argument by its path
 */
export function vmap<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  inAxes: AxisTree = 0,
  outAxes: AxisTree = 0,
  options?: VmapOptions,
): (...args: Inputs<A>) => R {
  checkFunction(f, 'vmap');
  checkOptions(options, ['axisSize'], 'vmap');
  if (typeof inAxes === 'object' && inAxes !== null && !globalThis.Array.isArray(inAxes)) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `vmap: expected inAxes as the second argument, a number or a list with one entry an argument, as in vmap(f, [null, 0]); received an object with ${Object.keys(inAxes).join(', ')}`,
      { operation: 'vmap', given: inAxes },
    );
  }
  return transformed('vmap', (args) => mapped(f as never, args, inAxes, outAxes, options?.axisSize), execute) as never;
}

function mapped(
  f: (...args: unknown[]) => unknown,
  args: unknown[],
  inAxes: AxisTree,
  outAxes: AxisTree,
  axisSize?: number,
): unknown {
  if (globalThis.Array.isArray(inAxes) && inAxes.length !== args.length) {
    throw new NablaError(
      'ERR_NABLA_AXIS',
      `vmap: inAxes has ${inAxes.length} entries for ${args.length} arguments; give one entry an argument`,
      {
        operation: 'vmap',
        inAxes,
        arguments: args.length,
      },
    );
  }
  const { leaves, structure } = flattenList<Array>(args, { what: 'argument' });
  const shapes = leaves.map((x) => `shape ${formatShape(x.shape)}`);
  const axes = broadcastAxes(
    inAxes,
    structure,
    leaves.map((x) => x.ndim),
    { what: 'vmap: inAxes', like: 'argument' },
    (i) => shapes[i]!,
  );
  const axis = new MapAxis(
    batchSize(leaves, axes, () => structure.paths('argument'), axisSize),
    'batch',
  );
  const perSample = leaves.map((x, i) => arrayOf(axes[i] === null ? nodeOf(x) : batch(nodeOf(x), axes[i]!, axis)));
  const result = withinMap(axis, () => callTraced('vmap', f, unflatten<unknown[]>(structure, perSample)));
  return gathered(result, axis, outAxes);
}

function batchSize(
  leaves: readonly Array[],
  axes: readonly (number | null)[],
  paths: () => string[],
  axisSize?: number,
): number {
  const sizes = leaves.flatMap((x, i) => (axes[i] === null ? [] : [{ i, n: x.shape[axes[i]!]! }]));
  if (sizes.length === 0 && axisSize === undefined) {
    throw new NablaError('ERR_NABLA_AXIS', 'vmap: inAxes maps no argument; name an axis, or give { axisSize }', {
      operation: 'vmap',
    });
  }
  const n = axisSize ?? sizes[0]!.n;
  if (sizes.every((size) => size.n === n)) return n;
  const listed = sizes
    .map(({ i, n: m }) => `${m} (${paths()[i]}, axis ${axes[i]} of ${formatShape(leaves[i]!.shape)})`)
    .join(', ');
  throw new NablaError(
    'ERR_NABLA_AXIS',
    `vmap: the mapped axes have different sizes: ${axisSize === undefined ? '' : `axisSize ${axisSize}, `}${listed}`,
    {
      operation: 'vmap',
      sizes: sizes.map(({ n: m }) => m),
      paths: sizes.map(({ i }) => paths()[i]),
    },
  );
}

function gathered(result: unknown, axis: MapAxis, outAxes: AxisTree): unknown {
  const { leaves, structure } = flatten(result, { what: 'result' });
  const isAxis = (x: unknown): x is number | null => x === null || typeof x === 'number';
  const spread = broadcastPrefix(outAxes, structure, isAxis, { what: 'vmap: outAxes', like: 'result' });
  const outputs = leaves.map((leaf, i) => {
    const node = nodeOf(toArray(leaf, 'result'));
    const wanted = spread[i]!;
    const place = structure.paths('result')[i];
    if (wanted === null) {
      if (!node.axes.includes(axis)) return arrayOf(node);
      // A derivative in what all samples share is each sample's own until it is known that they are the same.
      const [same] = simplify([node], liveVariables);
      if (!same!.axes.includes(axis)) return arrayOf(same!);
      throw new NablaError(
        'ERR_NABLA_AXIS',
        `vmap: outAxes is null for ${place}, which differs from sample to sample; name an axis, or reduce it first`,
        {
          operation: 'vmap',
          path: place,
        },
      );
    }
    const rank = node.shape.length + 1;
    if (!Number.isInteger(wanted) || wanted < -rank || wanted >= rank) {
      throw new NablaError(
        'ERR_NABLA_AXIS',
        `vmap: outAxes ${wanted} is out of range for ${place}, whose batched rank is ${rank}`,
        {
          operation: 'vmap',
          path: place,
          axis: wanted,
        },
      );
    }
    return arrayOf(unbatch(node, wanted < 0 ? wanted + rank : wanted, axis));
  });
  return unflatten(structure, outputs);
}
