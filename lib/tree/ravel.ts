import { type Array, ConcreteArray } from '../array/array.js';
import { asArray } from '../array/as-array.js';
import { convertElements } from '../array/astype.js';
import { allocate, type DType, promoteDtypes } from '../array/dtype.js';
import { formatShape } from '../array/shape.js';
import { NablaError } from '../runtime/errors.js';
import { flatten, unflatten } from './tree.js';

/**
 * Puts a vector of P elements back into the tree it was made from, every leaf with its shape and dtype. Leaves of the
 * vector's dtype are views of its storage, not copies.
 */
export type Unravel<T> = (vector: Array) => T;

/**
 * All leaves of a tree of concrete arrays, one after another in leaf order, as one vector of P elements; and the way back.
 * The vector's dtype is the leaves' common one (float64 if they differ), float32 for a tree without leaves.
 * @throws ERR_NABLA_DTYPE if integers or booleans are mixed with other dtypes; ERR_NABLA_TREE for what is no tree;
 *   ERR_NABLA_TRACED if a leaf is being traced.
 */
export function ravel<T = unknown>(tree: T): [vector: ConcreteArray, unravel: Unravel<T>] {
  const { leaves, structure } = flatten(tree);
  const names = structure.paths();
  const arrays = leaves.map((leaf, i) => asArray(leaf, { what: names[i] || 'ravel' }));
  const dtype = arrays.reduce<DType | undefined>(
    (common, { dtype }) => (common === undefined ? dtype : promoteDtypes(common, dtype, 'ravel')),
    undefined,
  );
  const total = arrays.reduce((sum, { size }) => sum + size, 0);
  const data = allocate(dtype ?? 'float32', total, 'ravel');
  const offsets: number[] = [];
  let end = 0;
  for (const array of arrays) {
    offsets.push(end);
    data.set(array.data, end);
    end += array.size;
  }

  // Only shapes and dtypes are kept, so that the way back does not hold the original arrays in memory.
  const layout = arrays.map(({ shape, dtype: own, size }, i) => ({
    shape,
    dtype: own,
    begin: offsets[i] as number,
    size,
  }));
  const unravel = (vector: Array): T => {
    if (vector.ndim !== 1 || vector.size !== total) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `unravel: expected a vector of shape [${total}] but received ${formatShape(vector.shape)}`,
        {
          operation: 'unravel',
          expected: [total],
          shape: vector.shape,
        },
      );
    }
    const source = vector.data;
    return unflatten<T>(
      structure,
      layout.map(({ shape, dtype: own, begin, size }) => {
        const part = source.subarray(begin, begin + size);
        return new ConcreteArray(vector.dtype === own ? part : convertElements(part, own, 'unravel'), shape);
      }),
    );
  };
  return [new ConcreteArray(data, [total]), unravel];
}
