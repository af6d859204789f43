import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ConcreteArray, Array as NDArray, type NestedNumbers } from '../../lib/array/array.js';
import { asArray } from '../../lib/array/as-array.js';
import { astypeArray } from '../../lib/array/astype.js';
import { allocate, dtypeOfTypedArray, promoteDtypes } from '../../lib/array/dtype.js';
import { size } from '../../lib/array/shape.js';
import { thrown } from '../support/thrown.js';

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

describe('ConcreteArray', () => {
  test('shares its data and freezes its shape', () => {
    const data = Float64Array.of(1, 2, 3, 4, 5, 6);
    const shape = [2, 3];
    const array = new ConcreteArray(data, shape);
    shape[0] = 7;
    expect(array.data).toBe(data);
    expect([array.shape, array.dtype, array.ndim, array.size]).toEqual([[2, 3], 'float64', 2, 6]);
    expect(array.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(() => (array.shape as number[]).push(1)).toThrow(TypeError);
  });

  test('refuses a shape that does not fit and storage of another dtype', () => {
    expect(thrown(() => new ConcreteArray(new Float32Array(5), [2, 3]))).toMatchObject({
      code: 'ERR_NABLA_SHAPE',
      details: { shape: [2, 3], length: 5 },
    });
    expect(thrown(() => new ConcreteArray(new Float32Array(1), [], 'float64')).code).toBe('ERR_NABLA_DTYPE');
  });

  test('item wants exactly one element', () => {
    expect(new ConcreteArray(Float32Array.of(2.5), [1, 1]).item()).toBe(2.5);
    expect(thrown(() => asArray([1, 2]).item())).toMatchObject({ code: 'ERR_NABLA_SHAPE', details: { shape: [2] } });
    expect(thrown(() => asArray([]).item()).code).toBe('ERR_NABLA_SHAPE');
  });

  test('says when its buffer has been transferred away', () => {
    const data = Float32Array.of(1, 2, 3);
    const array = asArray(data);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    for (const use of [() => array.data, () => array.toArray(), () => String(array)]) {
      expect(thrown(use)).toMatchObject({ code: 'ERR_NABLA_DETACHED', details: { shape: [3] } });
    }
    expect(asArray(new Float32Array(0)).data.length).toBe(0);
  });
});

describe('asArray', () => {
  test('numbers become float32, booleans bool, typed arrays keep their dtype', () => {
    const facts = (x: unknown) => {
      const { shape, dtype, data } = asArray(x);
      return [dtype, shape, [...data]];
    };
    expect(facts(0.1)).toEqual(['float32', [], [Math.fround(0.1)]]);
    expect(facts(true)).toEqual(['bool', [], [1]]);
    expect(facts([[true, false]])).toEqual(['bool', [1, 2], [1, 0]]);
    expect(facts([true, 2])).toEqual(['float32', [2], [1, 2]]);
    expect(facts([])).toEqual(['float32', [0], []]);
    expect(facts([[], []])).toEqual(['float32', [2, 0], []]);
    expect(facts(Float64Array.of(1, 2))).toEqual(['float64', [2], [1, 2]]);
    expect(facts(Int32Array.of(-1))).toEqual(['int32', [1], [-1]]);
    expect(facts(Uint32Array.of(7))).toEqual(['uint32', [1], [7]]);
    expect(facts(Uint8Array.of(0, 1))).toEqual(['bool', [2], [0, 1]]);
    expect(facts({ data: Float32Array.of(1, 2), shape: [2, 1] })).toEqual(['float32', [2, 1], [1, 2]]);
  });

  test('arrays come back unchanged, storage is shared', () => {
    const array = asArray([1, 2]);
    expect(asArray(array)).toBe(array);
    const data = new Float32Array(6);
    expect(asArray(data).data).toBe(data);
    expect(asArray({ data, shape: [2, 3] }).data).toBe(data);
    const shared = new Float64Array(new SharedArrayBuffer(16));
    expect(asArray(shared).data).toBe(shared);
    const view = new Float32Array(new ArrayBuffer(64), 8, 3);
    expect(asArray(view).data).toBe(view);
  });

  test('a dtype converts without a detour through float32', () => {
    expect(asArray(0.1, { dtype: 'float64' }).item()).toBe(0.1);
    expect(asArray([[0.1]], { dtype: 'float64' }).toArray()).toEqual([[0.1]]);
    expect(asArray([2 ** 24 + 1], { dtype: 'int32' }).toArray()).toEqual([2 ** 24 + 1]);
    expect(asArray([0, Number.NaN, 0.1], { dtype: 'bool' }).toArray()).toEqual([0, 1, 1]);
    expect(asArray(Float32Array.of(1.75), { dtype: 'uint32' }).toArray()).toEqual([1]);
  });

  test('round trip of nested numbers and of storage', () => {
    const arrays = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.array(fc.double({ noNaN: true }), { minLength: size(shape), maxLength: size(shape) }),
      ),
    );
    fc.assert(
      fc.property(arrays, ([shape, values]) => {
        const array = new ConcreteArray(Float64Array.from(values), shape);
        const again = asArray(array.toArray(), { dtype: 'float64' });
        // Lists cannot say how long the axes behind an empty one are.
        const empty = shape.indexOf(0);
        expect(again.shape).toEqual(empty < 0 ? shape : shape.slice(0, empty + 1));
        expect([...again.data]).toEqual(values);
      }),
    );
  });

  test.each<[unknown, string, number, number]>([
    [[[1, 2], [3]], 'array[1]', 1, 2],
    [
      [
        [1, 2],
        [3, 4, 5],
      ],
      'array[1]',
      3,
      2,
    ],
    [
      [
        [[1], [2]],
        [[3], []],
      ],
      'array[1][1]',
      0,
      1,
    ],
    [[[[1], [2]], [[3]]], 'array[1]', 1, 2],
  ])('ragged nesting %j is refused at %s with both lengths', (x, path, length, expected) => {
    const error = thrown(() => asArray(x));
    expect(error).toMatchObject({ code: 'ERR_NABLA_SHAPE', details: { path, length, expected } });
    expect(error.message).toContain(path);
    expect(error.message).toContain('ragged');
  });

  test.each<[unknown, string]>([
    [[1, [2, 3]], 'x[1]'],
    [[[1], 2], 'x[1]'],
    [[[[1]], [2]], 'x[1][0]'],
  ])('levels that disagree in %j are refused at %s', (x, path) => {
    expect(thrown(() => asArray(x, { what: 'x' }))).toMatchObject({ code: 'ERR_NABLA_SHAPE', details: { path } });
  });

  test('a typed array among nested numbers is refused with its path and the accepted forms', () => {
    const error = thrown(() => asArray([[1, 2], Float64Array.of(3, 4)], { what: 'X' }));
    expect(error).toMatchObject({
      code: 'ERR_NABLA_ARGUMENT',
      details: { path: 'X[1]', given: 'Float64Array', length: 2 },
    });
    expect(error.message).toContain('{ data, shape: [n, 2] }');
    expect(thrown(() => asArray([Float32Array.of(1)])).details.path).toBe('array[0]');
  });

  test('arrays among nested numbers are told of stack', () => {
    const error = thrown(() => asArray([asArray(1), 2]));
    expect(error.code).toBe('ERR_NABLA_ARGUMENT');
    expect(error.message).toContain('stack');
  });

  test.each<[unknown, string]>([
    ['1, 2', "the string '1, 2'"],
    [null, 'null'],
    [undefined, 'undefined'],
    [1n, 'the bigint 1n'],
    [() => 1, 'a function'],
    [new Map(), 'class Map'],
    [{ data: [1, 2], shape: [2] }, 'an object { data, shape }'],
    [new DataView(new ArrayBuffer(8)), 'a DataView'],
    [Symbol('x'), 'a symbol'],
    [Promise.resolve(1), 'class Promise'],
  ])('%s is no array', (x, described) => {
    const error = thrown(() => asArray(x, { what: 'params.bias' }));
    expect(error.code).toBe('ERR_NABLA_ARGUMENT');
    expect(error.message).toContain('params.bias');
    expect(error.message).toContain(described);
    expect(thrown(() => asArray([x]))).toMatchObject({ code: 'ERR_NABLA_ARGUMENT', details: { path: 'array[0]' } });
  });

  test('a list that contains itself is refused', () => {
    const list: unknown[] = [];
    list.push(list);
    expect(thrown(() => asArray(list)).code).toBe('ERR_NABLA_ARGUMENT');
    const later: unknown[] = [1];
    later.push(later);
    expect(thrown(() => asArray(later)).code).toBe('ERR_NABLA_SHAPE');
  });

  test('data and shape must agree, and be row-major', () => {
    const data = new Float32Array(6);
    expect(thrown(() => asArray({ data, shape: [4, 2] }, { what: 'X' }))).toMatchObject({
      code: 'ERR_NABLA_SHAPE',
      details: { path: 'X', shape: [4, 2], length: 6 },
    });
    for (const shape of [[-2, -3], [1.5, 4], ['6'], [Number.NaN]]) {
      expect(thrown(() => asArray({ data, shape })).code).toBe('ERR_NABLA_SHAPE');
    }
    expect(thrown(() => asArray({ data: new Float32Array(0), shape: [0, 1e300] })).code).toBe('ERR_NABLA_TOO_LARGE');
    for (const layout of [{ fortranOrder: true }, { offset: 1 }, { stride: [1, 2] }, { strides: [1, 2] }]) {
      expect(thrown(() => asArray({ data, shape: [2, 3], ...layout })).code).toBe('ERR_NABLA_ARGUMENT');
    }
    expect(asArray({ data, shape: [2, 3], stride: [3, 1], offset: 0, dtype: 'float32' }).shape).toEqual([2, 3]);
    expect(thrown(() => asArray({ data, shape: [2, 3], dtype: 'float64' })).code).toBe('ERR_NABLA_DTYPE');
  });

  test('typed arrays of other kinds and bytes that are no booleans are refused', () => {
    for (const x of [new BigInt64Array(1), new Int8Array(1), new Uint8ClampedArray(1), new Uint16Array(1)]) {
      expect(thrown(() => asArray(x)).code).toBe('ERR_NABLA_DTYPE');
    }
    expect(thrown(() => asArray(Uint8Array.of(1, 200)))).toMatchObject({
      code: 'ERR_NABLA_DTYPE',
      details: { element: 1, value: 200 },
    });
  });

  test('detached and resizable buffers are refused', () => {
    const data = new Float32Array(4);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(thrown(() => asArray(data)).code).toBe('ERR_NABLA_DETACHED');
    expect(thrown(() => asArray({ data, shape: [4] })).code).toBe('ERR_NABLA_DETACHED');
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    expect(thrown(() => asArray(new Float32Array(new Resizable(16, { maxByteLength: 64 })))).code).toBe(
      'ERR_NABLA_RESIZABLE',
    );
  });

  test('an unknown dtype is refused', () => {
    const error = thrown(() => asArray(1, { dtype: 'float16' as never }));
    expect(error.code).toBe('ERR_NABLA_DTYPE');
    expect(error.message).toContain('float32, float64, int32, uint32, bool');
  });
});

describe('astypeArray', () => {
  test('keeps the array if nothing changes, converts otherwise', () => {
    const array = asArray([[1.75, -2.75]]);
    expect(astypeArray(array, 'float32')).toBe(array);
    expect(astypeArray(array, 'float64').toArray()).toEqual([[1.75, -2.75]]);
    expect(astypeArray(array, 'int32').toArray()).toEqual([[1, -2]]);
    expect(astypeArray(array, 'bool').toArray()).toEqual([[1, 1]]);
  });

  test('float64 to float32 rounds to nearest for any value', () => {
    fc.assert(
      fc.property(fc.double(), (x) => {
        expect(astypeArray(asArray(x, { dtype: 'float64' }), 'float32').item()).toBe(Math.fround(x));
      }),
    );
  });

  test.each([
    ['uint32', -1],
    ['uint32', 2 ** 32],
    ['int32', 2 ** 31],
    ['int32', Number.NaN],
    ['int32', Number.NEGATIVE_INFINITY],
  ] as const)('to %s: %d is refused', (dtype, value) => {
    expect(thrown(() => asArray([0, value], { dtype }))).toMatchObject({
      code: 'ERR_NABLA_ARGUMENT',
      details: { element: 1, value },
    });
  });
});

test('dtypes promote between floats only', () => {
  expect(promoteDtypes('float32', 'float64')).toBe('float64');
  expect(promoteDtypes('int32', 'int32')).toBe('int32');
  const error = thrown(() => promoteDtypes('float32', 'int32', 'add'));
  expect(error).toMatchObject({ code: 'ERR_NABLA_DTYPE', details: { operation: 'add', dtypes: ['float32', 'int32'] } });
  expect(error.message).toContain("astype('float32')");
});

test('typed arrays of another realm and subclasses are recognised', async () => {
  const { runInNewContext } = await import('node:vm');
  const foreign = runInNewContext('Float32Array.of(1, 2)');
  expect(foreign instanceof Float32Array).toBe(false);
  expect(asArray(foreign).toArray()).toEqual([1, 2]);
  expect(dtypeOfTypedArray(Buffer.alloc(1))).toBe('bool');
  expect(dtypeOfTypedArray({ length: 1, [Symbol.toStringTag]: 'Float32Array' })).toBeUndefined();
});

test('memory that cannot be had is an error with a code', () => {
  expect(thrown(() => allocate('float64', 2 ** 40)).code).toBe('ERR_NABLA_TOO_LARGE');
  // What V8 throws if the machine has no memory left; how much that is differs between machines.
  vi.stubGlobal('Float64Array', function refuse() {
    throw new RangeError('Array buffer allocation failed');
  });
  const error = thrown(() => allocate('float64', 3, 'zeros'));
  vi.unstubAllGlobals();
  expect(error).toMatchObject({ code: 'ERR_NABLA_OUT_OF_MEMORY', details: { operation: 'zeros', bytes: 24 } });
  expect(thrown(() => allocate('float64', Number.NaN)).code).toBe('ERR_NABLA_TOO_LARGE');
});

test('the class is what instanceof sees', () => {
  const nested: NestedNumbers = asArray([[1]]).toArray();
  expect(nested).toEqual([[1]]);
  expect(asArray(1)).toBeInstanceOf(NDArray);
});
