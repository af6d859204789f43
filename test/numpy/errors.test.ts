import { describe, expect, it } from 'vitest';
import * as np from '../../lib/numpy/index.js';
import { jit } from '../../lib/transform/jit.js';
import { thrown } from '../support/thrown.js';

const ones = (...shape: number[]) => np.ones(shape);

/** The same error at once and while recording: its code, and what its message has to name. */
function refused(code: string, facts: readonly string[], f: (...xs: np.Array[]) => unknown, ...xs: np.Array[]): void {
  for (const call of [() => f(...xs), () => jit(f as (...ys: unknown[]) => unknown)(...xs)]) {
    const error = thrown(call);
    expect(error.code, error.message).toBe(code);
    for (const fact of facts) expect(error.message).toContain(fact);
  }
}

describe('numpy operations refuse', () => {
  it('shapes that do not broadcast, naming both', () => {
    refused('ERR_NABLA_SHAPE', ['add', '[2, 3]', '[2]'], (x, y) => np.add(x!, y!), ones(2, 3), ones(2));
    refused('ERR_NABLA_SHAPE', ['mul', '[3]', '[4]'], (x, y) => x!.mul(y!), ones(3), ones(4));
    refused('ERR_NABLA_SHAPE', ['[3]', '[2]'], (x, y) => np.where(np.greater(x!, 0), y!, 0), ones(3), ones(2));
  });

  it('products that do not fit', () => {
    refused('ERR_NABLA_SHAPE', ['matmul', '[2, 3]', '[2, 3]'], (x) => np.matmul(x!, x!), ones(2, 3));
    refused('ERR_NABLA_SHAPE', ['matmul', 'mul'], (x) => np.matmul(x!, 2), ones(2));
    refused('ERR_NABLA_SHAPE', ['dot', '[3]', '[4]'], (x, y) => np.dot(x!, y!), ones(3), ones(4));
    refused('ERR_NABLA_SHAPE', ['[2, 3, 2]', '[3, 2, 2]'], (x, y) => np.matmul(x!, y!), ones(2, 3, 2), ones(3, 2, 2));
    refused('ERR_NABLA_SHAPE', ['einsum', '[2]', "'ij'"], (x) => np.einsum('ij->i', x!), ones(2));
    refused('ERR_NABLA_SHAPE', ['2', '3'], (x, y) => np.einsum('i,i->', x!, y!), ones(2), ones(3));
    refused('ERR_NABLA_SHAPE', ['2', '3'], (x) => np.trace(x!), ones(2, 3));
    refused('ERR_NABLA_ARGUMENT', ['einsum', 'ij,jk'], (x) => np.einsum('ij,jk', x!, x!), ones(2, 2));
    refused('ERR_NABLA_ARGUMENT', ['einsum', '2 operands'], (x) => np.einsum('ij->i', x!, x!), ones(2, 2));
    refused('ERR_NABLA_ARGUMENT', ['ii'], (x) => np.einsum('i->ii', x!), ones(2));
  });

  it('axes out of range or repeated', () => {
    refused('ERR_NABLA_AXIS', ['sum', 'axis 2', '2 axes'], (x) => np.sum(x!, { axis: 2 }), ones(2, 3));
    refused('ERR_NABLA_AXIS', ['mean'], (x) => np.mean(x!, { axis: [0, -2] }), ones(2, 3));
    refused('ERR_NABLA_AXIS', ['transpose', '[2, 3]'], (x) => np.transpose(x!, [0, 0]), ones(2, 3));
    refused('ERR_NABLA_AXIS', ['transpose'], (x) => np.transpose(x!, [0]), ones(2, 3));
    refused('ERR_NABLA_AXIS', ['concatenate'], (x) => np.concatenate([x!, x!], 2), ones(2, 3));
    refused('ERR_NABLA_AXIS', ['stack'], (x) => np.stack([x!, x!], 3), ones(2, 3));
    refused('ERR_NABLA_AXIS', ['expandDims'], (x) => np.expandDims(x!, 3), ones(2));
  });

  it('indices that are none', () => {
    refused('ERR_NABLA_AXIS', ['at', '3', 'axis 0', '[3]', '-3', '2'], (x) => x!.at(3), ones(3));
    refused('ERR_NABLA_AXIS', ['2 indices', '[3]'], (x) => x!.at(0, 0), ones(3));
    refused('ERR_NABLA_AXIS', ['1.5'], (x) => x!.at(1.5), ones(3));
    refused('ERR_NABLA_AXIS', ["the string 'a'"], (x) => x!.at('a' as never), ones(3));
  });

  it('what is only known when the program runs', () => {
    const x = ones(3);
    const at = thrown(() => jit((i: np.Array) => x.at(i as never))(1));
    expect([at.code, at.message]).toEqual(['ERR_NABLA_TRACED', expect.stringContaining('plain number')]);
    expect(thrown(() => jit((i: np.Array) => x.at([i, null] as never))(1)).code).toBe('ERR_NABLA_TRACED');
    const integers = thrown(() => jit((y: np.Array) => y.astype('int32'))(x));
    expect([integers.code, integers.message]).toEqual(['ERR_NABLA_DTYPE', expect.stringContaining('float32 to int32')]);
    expect(thrown(() => jit((y: np.Array) => y.astype('float16' as never))(x)).code).toBe('ERR_NABLA_DTYPE');
  });

  it('shapes that do not hold the elements', () => {
    refused('ERR_NABLA_SHAPE', ['reshape', '[2, 3]', '6', '[4, 2]'], (x) => x!.reshape([4, 2]), ones(2, 3));
    refused('ERR_NABLA_SHAPE', ['[4, -1]'], (x) => x!.reshape([4, -1]), ones(2, 3));
    refused('ERR_NABLA_SHAPE', ['reshape', 'an object'], (x) => x!.reshape({} as never), ones(2, 3));
    refused('ERR_NABLA_SHAPE', ['[-1, -1]'], (x) => x!.reshape([-1, -1]), ones(2, 3));
    refused('ERR_NABLA_SHAPE', ['squeeze', 'axis 1', '3'], (x) => x!.squeeze(1), ones(1, 3));
    refused('ERR_NABLA_SHAPE', ['broadcastTo', '[3]', '[2]'], (x) => x!.broadcastTo([2]), ones(3));
    refused('ERR_NABLA_SHAPE', ['broadcastTo', '[1, 3]', '[3]'], (x) => x!.broadcastTo([3]), ones(1, 3));
    refused(
      'ERR_NABLA_SHAPE',
      ['concatenate', '[2, 3]', '[2]'],
      (x, y) => np.concatenate([x!, y!]),
      ones(2, 3),
      ones(2),
    );
    refused('ERR_NABLA_SHAPE', ['stack', '[2]', '[3]'], (x, y) => np.stack([x!, y!]), ones(2), ones(3));
    expect(thrown(() => np.concatenate([])).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => np.stack([])).code).toBe('ERR_NABLA_ARGUMENT');
  });

  it('integers and booleans, saying how to convert', () => {
    const integers = np.array(Int32Array.of(1, 2));
    const booleans = np.array(Uint8Array.of(1, 0));
    refused('ERR_NABLA_DTYPE', ['add', 'int32[2]', "astype('float32')"], (x) => np.add(x!, 1), integers);
    refused('ERR_NABLA_DTYPE', ['sin', 'bool[2]'], (x) => np.sin(x!), booleans);
    refused('ERR_NABLA_DTYPE', ['where', 'booleans', 'np.greater'], (x) => np.where(x!, 1, 0), ones(2));
    refused('ERR_NABLA_DTYPE', ['logical and', 'float32'], (x) => np.logicalAnd(x!, x!), ones(2));
  });

  it('what is no array, and options there are not', () => {
    expect(thrown(() => np.add('a' as never, 1)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => np.sin(undefined as never)).message).toContain('sin');
    expect(thrown(() => np.sum([1], { axes: 0 } as never)).message).toContain('axis');
    expect(thrown(() => np.mean([1], 0 as never)).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => np.sum([1], { axis: 'x' } as never)).code).toBe('ERR_NABLA_AXIS');
  });
});
