import { describe, expect, test } from 'vitest';
import { at, type Data, dtypes, floats, lanesOf, randoms, runEverywhere } from './addon.js';

const types = {
  float32: { type: 0, make: (n: number) => new Float32Array(n) },
  float64: { type: 1, make: (n: number) => new Float64Array(n) },
  int32: { type: 2, make: (n: number) => new Int32Array(n) },
  uint32: { type: 3, make: (n: number) => new Uint32Array(n) },
  bool: { type: 4, make: (n: number) => new Uint8Array(n) },
};

describe.each(dtypes)('gather and scatter %s', (dtype) => {
  const lanes = lanesOf(dtype);
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;

  test.each(Object.keys(types) as (keyof typeof types)[])('from and to %s', (other) => {
    const { type, make } = types[other];
    for (const rows of [0, 1, 2, 3, 4, 9, 17]) {
      for (const [valid, B] of [
        [1, 1],
        [1, lanes],
        [lanes - 1, lanes],
        [lanes, lanes],
        [lanes + 3, 2 * lanes],
        [3 * lanes, 3 * lanes],
      ] as [number, number][]) {
        // A sample's elements together, an element's samples together, and neither.
        for (const [srcRow, srcLane] of [
          [1, rows],
          [valid, 1],
          [2, 2 * rows + 1],
        ] as [number, number][]) {
          const src = make(1 + (rows + 1) * (srcRow + 1) + (valid + 1) * (srcLane + 1));
          const noise = randoms('float64', src.length, 7);
          for (let i = 0; i < src.length; i++) src[i] = (noise[i] as number) * (other === 'bool' ? 2 : 1e9);
          const outRow = B + 2;
          const out = runEverywhere(dtype, 'gather', floats(dtype, rows * outRow + 1).fill(5), (result) => ({
            ...{ type, rows, lanes: valid, B, out: at(result), outRow, src: at(src, 1), srcRow, srcLane },
          }));
          for (let r = 0; r < rows; r++) {
            for (let l = 0; l < outRow; l++) {
              const value = src[1 + r * srcRow + Math.min(l, valid - 1) * srcLane] as number;
              const expected = l >= B ? 5 : other === 'bool' ? Number(value !== 0) : round(value);
              if (out[r * outRow + l] !== expected)
                expect.fail(`row ${r} lane ${l}: ${out[r * outRow + l]}, not ${expected}`);
            }
          }

          const panel = randoms(dtype, rows * outRow + 1, 8);
          for (let i = 0; i < panel.length; i++) {
            panel[i] = i % 5 === 0 ? 0 : (panel[i] as number) * 1e6;
            if (i % outRow >= valid) panel[i] = Number.NaN;
          }
          for (const srcUniform of [false, true]) {
            const before = make(src.length).fill(1);
            const dst = runEverywhere(dtype, 'scatter', before, (result) => ({
              ...{ type, rows, lanes: valid, src: at(panel), srcRow: outRow, srcUniform },
              ...{ dst: at(result, 1), dstRow: srcRow, dstLane: srcLane },
            }));
            const expected = before.slice();
            for (let r = 0; r < rows; r++) {
              for (let l = 0; l < valid; l++) {
                const x = panel[r * outRow + (srcUniform ? 0 : l)] as number;
                const low = other === 'uint32' ? 0 : -(2 ** 31);
                expected[1 + r * srcRow + l * srcLane] =
                  other === 'bool' ? Number(x !== 0) : other.startsWith('float') ? x : Math.max(low, Math.trunc(x));
              }
            }
            expect(dst).toEqual(expected);
          }
        }
      }
    }
  });

  test('integers saturate, NaN becomes 0, NaN is true', () => {
    const panel = floats(dtype, 6);
    panel.set([Number.NaN, Infinity, -Infinity, 1e20, -1e20, 2 ** 31]);
    const scatter = (other: keyof typeof types): Data =>
      runEverywhere(dtype, 'scatter', types[other].make(6), (result) => ({
        ...{
          type: types[other].type,
          rows: 1,
          lanes: 6,
          src: at(panel),
          srcRow: 6,
          dst: at(result),
          dstRow: 6,
          dstLane: 1,
        },
      }));
    const [least, most] = [-(2 ** 31), 2 ** 31 - 1];
    expect(Array.from(scatter('int32'))).toEqual([0, most, least, most, least, most]);
    expect(Array.from(scatter('uint32'))).toEqual([0, 2 ** 32 - 1, 0, 2 ** 32 - 1, 0, 2 ** 31]);
    expect(Array.from(scatter('bool'))).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
