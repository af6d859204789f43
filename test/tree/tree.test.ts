import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asArray } from '../../lib/array/as-array.js';
import { isPlainObject } from '../../lib/tree/leaf.js';
import { formatPath } from '../../lib/tree/path.js';
import { flatten, flattenLike, flattenList, leaves, map, paths, type Tree, unflatten } from '../../lib/tree/tree.js';
import { thrown } from '../support/thrown.js';

const a = asArray([1, 2]);
const b = asArray(3);

/** Trees of arrays, with null, empty nodes and awkward keys among them. */
const trees: fc.Arbitrary<Tree<unknown>> = fc.letrec<{ tree: Tree<unknown> }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(a, b, null, undefined),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '10', '9')), tie('tree'), {
      maxKeys: 4,
    }),
  ),
})).tree;

describe('flatten and unflatten', () => {
  test('round trip', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const { leaves: found, structure } = flatten(tree);
        const again = unflatten(structure, found);
        expect(again).toEqual(tree);
        expect(flatten(again).structure.equals(structure)).toBe(true);
        expect(structure.leafCount).toBe(found.length);
        expect(structure.paths()).toHaveLength(found.length);
        expect(flattenLike(structure, tree)).toEqual(found);
      }),
    );
  });

  test('keys come sorted, whatever order they were written in', () => {
    const { leaves: found, structure } = flatten({ kernel: a, bias: b, 10: a, 9: b });
    expect(found).toEqual([a, b, b, a]);
    expect(String(structure)).toBe('{10: *, 9: *, bias: *, kernel: *}');
    expect(structure.equals(flatten({ bias: b, kernel: a, 9: a, 10: a }).structure)).toBe(true);
    expect(Object.keys(unflatten<object>(structure, found))).toEqual(['9', '10', 'bias', 'kernel']);
  });

  test('a list of numbers is one leaf, a list with anything else is a node', () => {
    expect(leaves([1, 2])).toEqual([[1, 2]]);
    expect(leaves([[1], [2, true]])).toEqual([[[1], [2, true]]]);
    expect(leaves([1, 2, a])).toEqual([1, 2, a]);
    expect(leaves([[1, 2], null])).toEqual([[1, 2]]);
    expect(leaves([])).toEqual([]);
    expect(leaves([[], []])).toEqual([]);
    expect(leaves({ x: [1, 2], y: [[3], a] })).toEqual([[1, 2], [3], a]);
  });

  test('leaves in every form come back as they are', () => {
    const data = { data: new Float32Array(2), shape: [2, 1] };
    for (const leaf of [a, 1, true, Float64Array.of(1), new BigInt64Array(1), data, [[1, 2]]]) {
      const { leaves: found, structure } = flatten(leaf);
      expect(found[0]).toBe(leaf);
      expect([String(structure), structure.paths()]).toEqual(['*', ['']]);
    }
  });

  test('arguments of a call are a list even if all are numbers', () => {
    const { leaves: found, structure } = flattenList([1, [2, 3]]);
    expect(found).toEqual([1, [2, 3]]);
    expect(String(structure)).toBe('[*, *]');
    expect(structure.equals(flatten([a, b]).structure)).toBe(true);
    expect(String(flattenList([]).structure)).toBe('[]');
  });

  test('null and undefined are nodes without leaves and equal to each other', () => {
    const { leaves: found, structure } = flatten({ a: null, b, c: undefined });
    expect(found).toEqual([b]);
    expect(unflatten(structure, [1])).toStrictEqual({ a: null, b: 1, c: undefined });
    expect(structure.equals(flatten({ a: undefined, b, c: null }).structure)).toBe(true);
    expect(structure.equals(flatten({ a: null, b }).structure)).toBe(false);
  });

  test('different structures have different texts', () => {
    const different = [
      a,
      null,
      [],
      [a],
      [[a]],
      [null],
      {},
      { a },
      { a: null },
      { 'a: *, b': a },
      { a, b },
      { a: [a] },
      { '*': a },
    ];
    const structures = different.map((tree) => flatten(tree).structure);
    expect(new Set(structures.map(String)).size).toBe(different.length);
    for (const one of structures) expect(structures.filter((other) => other.equals(one))).toEqual([one]);
    expect(inspect(flatten({ a }).structure)).toBe('TreeStructure({a: *})');
  });

  test.each<[string, unknown, string]>([
    ['a string', { params: [a, 'x'] }, 'params[1]'],
    ['a function', { activation: () => 1 }, 'activation'],
    ['a Map', [new Map()], '[0]'],
    ['a bigint', 1n, 'tree'],
    ['a class instance', { a: { b: new (class Model {})() } }, 'a.b'],
  ])('%s is refused with its path', (_, tree, path) => {
    expect(thrown(() => flatten(tree))).toMatchObject({ code: 'ERR_NABLA_TREE', details: { path } });
  });

  test('isLeaf ends the descent', () => {
    expect(leaves([{ a: 'x' }, 'y'], { isLeaf: (x) => typeof x === 'string' })).toEqual(['x', 'y']);
    expect(leaves([null, a], { isLeaf: (x) => x === null })).toEqual([null, a]);
  });

  test('a tree that contains itself is refused', () => {
    const object: Record<string, unknown> = {};
    object.self = object;
    const list: unknown[] = [a];
    list.push(list);
    for (const tree of [object, list]) expect(thrown(() => flatten(tree)).code).toBe('ERR_NABLA_TREE');
    const numbers: unknown[] = [1];
    numbers.push(numbers);
    expect(thrown(() => flatten(numbers)).code).toBe('ERR_NABLA_TREE');
  });

  test('the number of leaves must fit', () => {
    const { structure } = flatten([a, b]);
    expect(thrown(() => unflatten(structure, [1]))).toMatchObject({
      code: 'ERR_NABLA_TREE',
      details: { expected: 2, given: 1 },
    });
  });

  test('a key __proto__ stays an ordinary key', () => {
    const tree = JSON.parse('{"__proto__": {"polluted": 1}}');
    const { leaves: found, structure } = flatten(tree);
    const again = unflatten<object>(structure, found);
    expect(Object.hasOwn(again, '__proto__')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((again as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('paths', () => {
  test('read like code', () => {
    const tree = { params: { Dense_0: { kernel: a, bias: b } }, 'a b': [a, { "it's": b }], λ: b };
    expect(paths(tree)).toEqual([
      "['a b'][0]",
      "['a b'][1]['it\\'s']",
      'params.Dense_0.bias',
      'params.Dense_0.kernel',
      'λ',
    ]);
    expect(paths([{ x: a }, b])).toEqual(['[0].x', '[1]']);
    expect(paths([{ x: a }], 'args')).toEqual(['args[0].x']);
    expect([paths(a), paths(a, 'x'), paths(null)]).toEqual([[''], ['x'], []]);
    expect(formatPath(['0'], 'p')).toBe("p['0']");
  });
});

describe('map', () => {
  test('applies to one tree or several', () => {
    const tree = { x: 1, y: [2, a, null] };
    expect(map((leaf: unknown) => (leaf === a ? 'a' : leaf), tree)).toEqual({ x: 1, y: [2, 'a', null] });
    expect(map((x: number, y: number) => x + y, { x: 1, y: 2 }, { y: 20, x: 10 })).toEqual({ x: 11, y: 22 });
  });

  test('the first tree says what a node is', () => {
    // [1, 2] alone would be one leaf; next to a list of arrays it is a list.
    expect(map((x: unknown, y: unknown) => [x === a, y], [a, b], [1, 2])).toEqual([
      [true, 1],
      [false, 2],
    ]);
  });

  test('commutes with taking the leaves', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const twice = map((x: unknown, y: unknown) => asArray([x === y]), tree, tree);
        expect(leaves(twice)).toHaveLength(leaves(tree).length);
        expect(leaves<typeof a>(twice).every((leaf) => leaf.toString() === '[ True]')).toBe(true);
      }),
    );
  });

  test('types follow the tree', () => {
    const mapped = map((leaf: typeof a) => leaf.size, { w: a, list: [a, b] as const });
    const { w, list }: { w: number; list: readonly [number, number] } = mapped;
    expect([w, list]).toEqual([2, [2, 1]]);
  });
});

describe('mismatches name the path and what differs', () => {
  const { structure } = flatten({ params: { kernel: a, bias: b }, list: [a, null] });
  const like = (params: unknown, list: unknown = [a, null]) =>
    thrown(() => flattenLike(structure, { params, list }, { what: 'tangents', like: 'primals' }));

  test('keys', () => {
    expect(like({ kernel: a, biass: b })).toMatchObject({
      code: 'ERR_NABLA_TREE',
      details: { path: 'tangents.params', missing: ['bias'], extra: ['biass'] },
    });
    expect(like({ kernel: a }).message).toBe('tangents.params differs from primals: it lacks bias');
  });

  test('kinds and lengths', () => {
    expect(like(a).message).toBe(
      'tangents.params is an array of shape [2] where primals at params is an object { bias, kernel }',
    );
    expect(like({ kernel: a, bias: b }, [a]).message).toBe(
      'tangents.list is a list of 1 entries where primals at list is a list of 2 entries',
    );
    expect(like({ kernel: a, bias: b }, [a, b]).details).toMatchObject({ path: 'tangents.list[1]', expected: 'null' });
    expect(like({ kernel: a, bias: [a, b] }).details).toMatchObject({
      path: 'tangents.params.bias',
      expected: 'an array',
    });
    expect(like({ kernel: a, bias: 'x' }).details).toMatchObject({
      path: 'tangents.params.bias',
      given: "the string 'x'",
    });
    expect(like(null).details).toMatchObject({ given: 'null' });
    expect(thrown(() => map((x: unknown) => x, [a], { x: a })).details).toMatchObject({ path: 'tree 2' });
  });

  test('an object with data and shape is an array, not a node', () => {
    const { structure: node } = flatten({ data: a, shape: b });
    expect(flattenLike(node, { data: b, shape: a })).toEqual([b, a]);
    const leafLike = { data: new Float32Array(1), shape: [1] };
    expect(thrown(() => flattenLike(node, leafLike)).code).toBe('ERR_NABLA_TREE');
  });
});

test('plain objects', async () => {
  const { runInNewContext } = await import('node:vm');
  for (const x of [{}, Object.create(null), runInNewContext('({})')]) expect(isPlainObject(x)).toBe(true);
  for (const x of [[], null, 1, new Map(), new (class A {})(), () => 1, new Date()])
    expect(isPlainObject(x)).toBe(false);
});
