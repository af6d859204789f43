import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numpy as np, train } from 'nabla';
import { expect, test } from 'vitest';
import { pattern } from '../support/bits.js';
import { thrown } from '../support/thrown.js';

const roundTrip = (tree: unknown): unknown => train.deserialize(train.serialize(tree));

test('arrays come back to the bit, in shape and dtype', () => {
  const float = np.array(Float32Array.of(0.1, -0, Number.NaN, Infinity, 1e-45, -3.4e38), {});
  const double = np.reshape(np.array(Float64Array.of(Math.PI, -0, Number.MIN_VALUE, Number.NaN)), [2, 2]);
  const others = [
    np.array([1, -2], { dtype: 'int32' }),
    np.array(Uint8Array.of(1, 0)),
    np.array([4e9], { dtype: 'uint32' }),
  ];
  const tree = { a: [float, { b: double }], others, scalar: np.array(3), empty: np.zeros([0, 3]) };
  const back = roundTrip(tree) as typeof tree;
  expect(pattern(back.a[0] as np.Array)).toBe(pattern(float));
  expect(pattern((back.a[1] as { b: np.Array }).b)).toBe(pattern(double));
  expect((back.a[1] as { b: np.Array }).b.shape).toEqual([2, 2]);
  back.others.forEach((x, i) => {
    expect(x.dtype).toBe(others[i]!.dtype);
    expect([...x.data]).toEqual([...others[i]!.data]);
  });
  expect(back.scalar.shape).toEqual([]);
  expect(back.empty.shape).toEqual([0, 3]);
});

test('numbers, null, booleans and any key come back', () => {
  const tree = {
    n: [{ x: 0.1 }, { x: -0 }, { x: Number.NaN }, { x: -Infinity }],
    none: null,
    yes: true,
    $array: { $x: 1 },
    list: [],
  };
  expect(roundTrip(tree)).toEqual(tree);
  expect(Object.is((roundTrip(tree) as typeof tree).n[1]!.x, -0)).toBe(true);
});

test('typed arrays, nested lists and { data, shape } come back as arrays', () => {
  const tree = {
    vector: Float64Array.of(1, 2),
    list: [
      [1, 2],
      [3, 4],
    ],
    other: { data: Float32Array.of(1, 2), shape: [2, 1] },
  };
  const back = roundTrip(tree) as Record<string, np.Array>;
  expect(back.vector!.toArray()).toEqual([1, 2]);
  expect(back.list!.toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(back.other!.shape).toEqual([2, 1]);
});

test.each([
  ['not JSON', '{', 'is not JSON'],
  ['another format', '{"format":"x"}', "'nabla-tree' is expected"],
  ['another version', '{"format":"nabla-tree","version":2}', 'version 2'],
  [
    'too few bytes',
    '{"format":"nabla-tree","version":1,"tree":{"$array":"float32","shape":[2],"data":"AAAA"}}',
    'damaged',
  ],
])('a file with %s is refused', (_, text, message) => {
  const error = thrown(() => train.deserialize(text));
  expect(error.code).toBe('ERR_NABLA_ARGUMENT');
  expect(error.message).toContain(message);
});

test('what is no tree is refused, and no file is left behind', async () => {
  expect(thrown(() => train.serialize({ f: () => 1 })).code).toBe('ERR_NABLA_TREE');
  const folder = await mkdtemp(join(tmpdir(), 'nabla-'));
  try {
    await expect(train.save(join(folder, 'absent', 'x.json'), { a: 1 })).rejects.toThrow(/ENOENT/);
    await train.save(join(folder, 'x.json'), { a: np.ones(2) });
    expect(await readdir(folder)).toEqual(['x.json']);
    expect(String(((await train.load(join(folder, 'x.json'))) as { a: np.Array }).a)).toBe('[1. 1.]');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('lists lose no digit, and booleans stay booleans', () => {
  const back = train.deserialize(train.serialize({ numbers: [0.1, 1e300], flags: [true, false] })) as Record<
    string,
    np.Array
  >;
  expect(back.numbers!.toArray()).toEqual([0.1, 1e300]);
  expect([back.flags!.dtype, back.flags!.toArray()]).toEqual(['bool', [1, 0]]);
});
