import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConcreteArray, type TypedArray } from '../../lib/array/array.js';
import * as random from '../../lib/random/index.js';
import { digest, golden, patterns } from '../support/bits.js';

interface TestingAddon {
  drawPortably(
    name: string,
    k0: number,
    k1: number,
    legacy: boolean,
    lower: TypedArray,
    upper: TypedArray,
    out: TypedArray,
  ): void;
  randomFunction(name: 'log' | 'erf', x: Float64Array, out: Float64Array): void;
}

const folder = process.env.NABLA_BUILD || fileURLToPath(new URL('../../build/Release', import.meta.url));
const addon = createRequire(import.meta.url)(resolve(folder, 'nabla_testing.node')) as TestingAddon;

describe.each([true, false])('the code for any machine gives the same bits, partitionable %s', (partitionable) => {
  const n = 20_011; // of several chunks, the last one short
  const key = [0, 42];

  it('bits', () => {
    const out = new Uint32Array(n);
    addon.drawPortably('bits', 0, 42, !partitionable, out, out, out);
    expect(digest(out)).toBe(digest(random.bits(key, n, { partitionable }).data));
  });

  it.each(['float32', 'float64'] as const)('%s', (dtype) => {
    const make = dtype === 'float32' ? Float32Array : Float64Array;
    const lower = make.of(-2, -0.5, 0);
    const upper = make.of(2, 3.25, 40);
    const draw = (name: string) => {
      const out = new make(3 * n);
      addon.drawPortably(name, 0, 42, !partitionable, lower, upper, out);
      return digest(out);
    };
    const options = { dtype, partitionable };
    const box = { ...options, minval: lower, maxval: upper };
    expect(draw('normal')).toBe(digest(random.normal(key, [n, 3], options).data));
    expect(draw('uniform')).toBe(digest(random.uniform(key, [n, 3], box).data));
    expect(draw('truncatedNormal')).toBe(digest(random.truncatedNormal(key, lower, upper, [n, 3], options).data));
  });
});

describe.each(['log', 'erf'] as const)('%s in float64', (name) => {
  const evaluate = (...x: number[]) => {
    const out = new Float64Array(x.length);
    addon.randomFunction(name, Float64Array.from(x), out);
    return out;
  };

  it('is rounded to nearest', () => {
    const expected = golden<Record<string, { x: string; y: string }>>('random-functions.json')[name]!;
    const bytes = Buffer.from(expected.x, 'hex');
    const x = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleBE(8 * i));
    const y = patterns(new ConcreteArray(evaluate(...x), [x.length]));
    expect(y).toEqual(expected.y.match(/.{16}/g));
  });

  it('at the ends', () => {
    const ends = name === 'log' ? [0, -1, Infinity, Number.NaN, 1] : [0, -0, 7, -7, Infinity, Number.NaN];
    const values = name === 'log' ? [-Infinity, Number.NaN, Infinity, Number.NaN, 0] : [0, -0, 1, -1, 1, Number.NaN];
    expect([...evaluate(...ends)]).toEqual(values);
  });
});
