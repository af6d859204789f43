import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConcreteArray, type Array as NDArray } from '../../lib/array/array.js';
import { asArray } from '../../lib/array/as-array.js';
import { size } from '../../lib/array/shape.js';
import { ravel } from '../../lib/tree/ravel.js';
import { leaves, map } from '../../lib/tree/tree.js';
import { thrown } from '../support/thrown.js';

test('leaves one after another, in leaf order', () => {
  const tree = {
    kernel: asArray([
      [1, 2],
      [3, 4],
    ]),
    bias: asArray([5, 6]),
    scale: 7,
    none: null,
  };
  const [vector, unravel] = ravel(tree);
  expect(vector).toMatchObject({ shape: [7], dtype: 'float32' });
  expect(vector.toArray()).toEqual([5, 6, 1, 2, 3, 4, 7]);
  const again = unravel(vector);
  expect(map((leaf: NDArray) => leaf.toArray(), again)).toEqual({
    kernel: [
      [1, 2],
      [3, 4],
    ],
    bias: [5, 6],
    scale: 7,
    none: null,
  });
});

test('round trip with shapes and dtypes', () => {
  const array = fc
    .tuple(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), fc.boolean(), fc.float({ noNaN: true }))
    .map(([shape, double, value]) => {
      const values = Array.from({ length: size(shape) }, (_, i) => value + i);
      return new ConcreteArray(double ? Float64Array.from(values) : Float32Array.from(values), shape);
    });
  const tree = fc.dictionary(fc.string(), fc.oneof(array, fc.array(array, { maxLength: 3 })), { maxKeys: 4 });
  fc.assert(
    fc.property(tree, (original) => {
      const [vector, unravel] = ravel(original);
      const before = leaves<NDArray>(original);
      const after = leaves<NDArray>(unravel(vector));
      expect(vector.dtype).toBe(before.some(({ dtype }) => dtype === 'float64') ? 'float64' : 'float32');
      expect(after.map(({ shape, dtype, data }) => [shape, dtype, data])).toEqual(
        before.map(({ shape, dtype, data }) => [shape, dtype, data]),
      );
    }),
  );
});

test('the vector is a copy, and what is unravelled is a view of the vector given', () => {
  const leaf = asArray([1, 2]);
  const [vector, unravel] = ravel([leaf, leaf]);
  vector.data[0] = 9;
  expect(leaf.toArray()).toEqual([1, 2]);
  expect((unravel(vector) as NDArray[]).map((each) => each.data.buffer === vector.data.buffer)).toEqual([true, true]);
});

test('a tree without leaves is an empty vector', () => {
  const [vector, unravel] = ravel({ a: [], b: null });
  expect(vector).toMatchObject({ shape: [0], dtype: 'float32' });
  expect(unravel(vector)).toEqual({ a: [], b: null });
});

test('errors', () => {
  const [, unravel] = ravel([asArray([1, 2]), asArray(3)]);
  for (const wrong of [asArray([1, 2]), asArray([[1, 2, 3]]), asArray(1)]) {
    expect(thrown(() => unravel(wrong))).toMatchObject({
      code: 'ERR_NABLA_SHAPE',
      details: { expected: [3], shape: wrong.shape },
    });
  }
  expect(thrown(() => ravel([asArray(1), Int32Array.of(1)])).code).toBe('ERR_NABLA_DTYPE');
  expect(thrown(() => ravel({ a: { b: [[1], [2, 3]] } })).details).toMatchObject({ path: 'a.b[1]' });
  expect(thrown(() => ravel('x')).code).toBe('ERR_NABLA_TREE');
});
