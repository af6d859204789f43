import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asArray } from '../../lib/array/as-array.js';
import { broadcastAxes } from '../../lib/tree/prefix.js';
import { flatten, flattenList } from '../../lib/tree/tree.js';
import { thrown } from '../support/thrown.js';

const x = asArray([[1, 2, 3]]);
const scalar = asArray(0);
const names = { what: 'inAxes', like: 'arguments' };

function axes(prefix: unknown, args: readonly unknown[]) {
  const { leaves, structure } = flattenList(args);
  return broadcastAxes(
    prefix,
    structure,
    leaves.map((leaf) => asArray(leaf).ndim),
    names,
  );
}

describe('axes of mapped arguments', () => {
  const params = { params: { kernel: x, bias: x }, scale: x };

  test('one axis stands for everything below it', () => {
    expect(axes(0, [params, x])).toEqual([0, 0, 0, 0]);
    expect(axes([null, 0], [params, x])).toEqual([null, null, null, 0]);
    expect(axes([{ params: 1, scale: null }, 0], [params, x])).toEqual([1, 1, null, 0]);
    expect(axes([{ params: { kernel: 0, bias: 1 }, scale: -1 }, -2], [params, x])).toEqual([1, 0, 1, 0]);
    expect(axes([0, 1], [[x, [x]], { a: x }])).toEqual([0, 0, 1]);
    expect(axes([[0, [1]], null], [[x, [x]], { a: x }])).toEqual([0, 1, null]);
    expect(axes(null, [x, 5])).toEqual([null, null]);
    expect(axes([0, 0], [null, x])).toEqual([0]);
    expect(axes([], [])).toEqual([]);
  });

  test('a list of numbers is a list of axes, not an array', () => {
    expect(axes([0, 1], [x, x])).toEqual([0, 1]);
    expect(axes([0, null], [[1, 2, 3], 4])).toEqual([0, null]);
  });

  test('spread by hand and by prefix agree', () => {
    const nodes = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.constant(x),
        fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(fc.string(), tie('node'), { maxKeys: 3 }),
      ),
    })).node;
    fc.assert(
      fc.property(nodes, fc.constantFrom(0, 1, -1, -2, null), (tree, axis) => {
        const { leaves, structure } = flatten(tree);
        const ndims = leaves.map(() => 2);
        const expected = leaves.map(() => (axis === null ? null : (axis + 2) % 2));
        const full = flatten(tree);
        expect(broadcastAxes(axis, structure, ndims, names)).toEqual(expected);
        expect(broadcastAxes(spread(tree, axis), full.structure, ndims, names)).toEqual(expected);
      }),
    );
  });

  function spread(tree: unknown, axis: number | null): unknown {
    if (tree === x) return axis;
    if (Array.isArray(tree)) return tree.map((child) => spread(child, axis));
    return Object.fromEntries(Object.entries(tree as object).map(([key, child]) => [key, spread(child, axis)]));
  }

  test.each<[string, unknown, string]>([
    ['too few', [0], 'inAxes is a list of 1 entries where arguments is a list of 2 entries'],
    ['too many', [0, 0, 0], 'inAxes is a list of 3 entries where arguments is a list of 2 entries'],
    ['a list for an array', [null, [0]], 'inAxes[1] is a list of 1 entries where arguments at [1] is an array'],
    ['an object for an array', [null, { a: 0 }], 'inAxes[1] is an object { a } where arguments at [1] is an array'],
    ['a missing key', [{ params: 0 }, 0], 'inAxes[0] differs from arguments: it lacks scale'],
    [
      'a list for an object',
      [[0], 0],
      'inAxes[0] is a list of 1 entries where arguments at [0] is an object { params, scale }',
    ],
    ['an object for the list', { a: 0 }, 'inAxes is an object { a } where arguments is a list of 2 entries'],
  ])('%s', (_, prefix, message) => {
    const error = thrown(() => axes(prefix, [params, x]));
    expect(error.code).toBe('ERR_NABLA_TREE');
    expect(error.message).toBe(message);
  });

  test('an axis beyond the rank names the argument by its path', () => {
    for (const axis of [2, -3]) {
      const error = thrown(() => axes([null, { a: axis }], [params, { a: x }]));
      expect(error).toMatchObject({ code: 'ERR_NABLA_AXIS', details: { path: 'arguments[1].a', axis, ndim: 2 } });
      expect(error.message).toContain('-2 to 1');
    }
    const error = thrown(() => axes(0, [x, { t: scalar }]));
    expect(error).toMatchObject({ code: 'ERR_NABLA_AXIS', details: { path: 'arguments[1].t', axis: 0, ndim: 0 } });
    expect(error.message).toContain('scalar');
  });

  test.each([0.5, '0', true, undefined, Number.NaN, () => 0, new Map()])('%s is no axis', (axis) => {
    expect(thrown(() => axes([0, { a: axis }], [x, { a: x }]))).toMatchObject({
      code: 'ERR_NABLA_AXIS',
      details: { path: 'inAxes[1].a' },
    });
    expect(thrown(() => axes(axis, [x])).code).toBe('ERR_NABLA_AXIS');
  });
});
