import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  broadcastShapes,
  checkShape,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  rowMajorStrides,
  shapesEqual,
  size,
} from '../../lib/array/shape.js';
import { thrown } from '../support/thrown.js';

test('size, strides and text', () => {
  expect([size([]), size([3, 0]), size([2, 3, 4])]).toEqual([1, 0, 24]);
  expect(rowMajorStrides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(rowMajorStrides([])).toEqual([]);
  expect([formatShape([]), formatShape([32, 3])]).toEqual(['[]', '[32, 3]']);
  expect([shapesEqual([1, 2], [1, 2]), shapesEqual([1], [1, 1]), shapesEqual([2], [3])]).toEqual([true, false, false]);
});

test('broadcasting aligns the last axes and stretches ones', () => {
  expect(broadcastShapes([[5, 1, 3], [4, 1], []])).toEqual([5, 4, 3]);
  expect(broadcastShapes([[0], [1]])).toEqual([0]);
  expect(broadcastShapes([])).toEqual([]);
  const error = thrown(() => broadcastShapes([[32, 3], [32]], 'add'));
  expect(error).toMatchObject({
    code: 'ERR_NABLA_SHAPE',
    details: { operation: 'add', shapes: [[32, 3], [32]], axis: -1 },
  });
  expect(error.message).toContain('[32, 3] and [32]');
  expect(thrown(() => broadcastShapes([[0], [2]])).code).toBe('ERR_NABLA_SHAPE');
});

test('broadcasting is commutative, and the result takes every operand', () => {
  const full = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const cases = full.chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.array(fc.tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })), {
        maxLength: 3,
      }),
    ),
  );
  fc.assert(
    fc.property(cases, ([shape, masks]) => {
      const others = masks.map(([drop, ones]) => shape.map((length, i) => (ones[i] ? 1 : length)).slice(drop));
      expect(broadcastShapes([shape, ...others])).toEqual(shape);
      expect(broadcastShapes([...others, shape])).toEqual(shape);
    }),
  );
});

test('axes count from the end if negative', () => {
  expect([normalizeAxis(0, 2), normalizeAxis(-1, 2), normalizeAxis(-2, 2)]).toEqual([0, 1, 0]);
  for (const axis of [2, -3, 0.5, Number.NaN, '0' as never]) {
    expect(thrown(() => normalizeAxis(axis, 2, 'sum'))).toMatchObject({
      code: 'ERR_NABLA_AXIS',
      details: { operation: 'sum', axis, ndim: 2 },
    });
  }
  expect(thrown(() => normalizeAxis(0, 0)).message).toContain('scalar');
});

test('lists of axes are sorted and must not repeat', () => {
  expect(normalizeAxes(undefined, 3)).toEqual([0, 1, 2]);
  expect(normalizeAxes(null, 0)).toEqual([]);
  expect(normalizeAxes([-1, 0], 3)).toEqual([0, 2]);
  expect(normalizeAxes(-1, 3)).toEqual([2]);
  expect(thrown(() => normalizeAxes([0, -3], 3))).toMatchObject({ code: 'ERR_NABLA_AXIS', details: { axes: [0, -3] } });
});

test('shapes are lists of counts', () => {
  expect(checkShape([2, 0])).toEqual([2, 0]);
  expect(checkShape(3)).toEqual([3]);
  expect(Object.is(checkShape([-0])[0], 0)).toBe(true);
  for (const shape of [[-1], [1.5], 'a', null, [Number.POSITIVE_INFINITY], [[1]], {}, ['2']]) {
    expect(thrown(() => checkShape(shape, 'zeros')).code).toBe('ERR_NABLA_SHAPE');
  }
});
