import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConcreteArray } from '../../lib/array/array.js';
import { type DType, typedArrayClass } from '../../lib/array/dtype.js';
import { size } from '../../lib/array/shape.js';

interface Case {
  dtype: DType;
  shape: number[];
  data: (number | string)[] | { arange: number } | { fill: number };
  str: string;
  repr: string;
}

/** Python's spelling of a float. */
function parse(x: number | string): number {
  if (typeof x === 'number') return x;
  return x === 'nan' ? Number.NaN : Number(x.replace('inf', 'Infinity'));
}

function elements({ data, dtype, shape }: Case) {
  const storage = typedArrayClass(dtype);
  if (Array.isArray(data)) return storage.from(data.map(parse));
  if ('fill' in data) return new storage(size(shape)).fill(data.fill);
  return storage.from(Array.from({ length: data.arange }, (_, i) => (dtype === 'bool' ? Number(i !== 0) : i)));
}

describe('arrays print as in numpy', () => {
  const cases = readFileSync(new URL('numpy-print.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);

  test.each(['float32', 'float64', 'int32', 'uint32', 'bool'])('%s', (dtype) => {
    const own = cases.filter((each) => each.dtype === dtype);
    expect(own.length).toBeGreaterThan(5);
    for (const each of own) {
      const array = new ConcreteArray(elements(each), each.shape);
      expect(String(array)).toBe(each.str);
      expect(inspect(array)).toBe(each.repr);
    }
  });

  test('within objects, as console.log shows parameters', () => {
    const kernel = new ConcreteArray(Float32Array.of(1, 2, 3, 4), [2, 2]);
    expect(inspect({ kernel })).toContain('array([[1., 2.],');
  });
});
