import { describe, expect, it } from 'vitest';
import { numpy as np } from '../../lib/index.js';
import { arraysIfMatching } from '../../lib/tree/match-leaves.js';
import { flatten } from '../../lib/tree/tree.js';

const a = np.array([1]);
const b = np.array([2]);
const { structure } = flatten([{ a, rest: [b, null], no: null }]);
const match = (tree: unknown) => arraysIfMatching(structure, [tree]);

describe('arraysIfMatching', () => {
  it('finds the leaves in the order of the structure', () => {
    expect(match({ a, rest: [b, null], no: null })).toEqual([a, b]);
    expect(match(Object.assign(Object.create(null), { no: undefined, rest: [a, undefined], a: b }))).toEqual([b, a]);
  });

  it.each<[string, unknown]>([
    ['another key', { a, rest: [b, null], other: null }],
    ['a key more', { a, rest: [b, null], no: null, more: a }],
    ['a key less', { a, rest: [b, null] }],
    ['a leaf that is no array', { a: 1, rest: [b, null], no: null }],
    ['an array where there is none', { a, rest: [b, null], no: a }],
    ['a longer list', { a, rest: [b, null, b], no: null }],
    ['an array for an object', a],
    ['null', null],
  ])('does not take %s', (_, tree) => {
    expect(match(tree)).toBeUndefined();
  });

  it('does not take what is inherited for its own', () => {
    // Three keys, one of them another; `no` is there through the prototype only.
    const heir = Object.assign(Object.create({ no: null }), { a, rest: [b, null], other: null });
    expect(match(heir)).toBeUndefined();
  });
});
