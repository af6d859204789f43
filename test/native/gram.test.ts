import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, type Data, dtypes, lanesOf, randoms, runEverywhere } from './addon.js';

// (Not toEqual: it takes seconds for arrays of this length.)
const isSame = (a: Data, b: Data): boolean =>
  a.length === b.length &&
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

// The product and the contraction one after the other are the oracle: the fused kernel promises their bits.
describe.each(dtypes)('denseGram %s', (dtype) => {
  const lanes = lanesOf(dtype);
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const FACTOR = -2; // what native/testing/kernels.cc passes

  const shapes = fc.record({
    J: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(100)),
    K: fc.oneof(fc.nat(30), fc.constant(140)),
    C: fc.integer({ min: 1, max: 4 }),
    q: fc.integer({ min: 1, max: 5 }),
    gap: fc.nat(3),
    ...{
      transposed: fc.boolean(),
      second: fc.boolean(),
      scaled: fc.boolean(),
      stored: fc.boolean(),
      packs: fc.boolean(),
    },
    ...{ accumulate: fc.boolean(), seed: fc.nat(1e6) },
  });

  test('has the bits of dense and contract', () => {
    fc.assert(
      fc.property(shapes, ({ J, K, C, q, gap, transposed, second, scaled, stored, packs, accumulate, seed }) => {
        const B = q * lanes;
        const column = (1 + gap) * B;
        const row = C * column;
        const W = randoms(dtype, J * K + 1, seed);
        const x = randoms(dtype, K * row + B, seed + 1);
        const [w1, w2, scale] = [2, 3, 4].map((n) => randoms(dtype, J * B, seed + n)) as [
          Float32Array,
          ...Float32Array[],
        ];
        const shared = {
          ...{ J, K, C, B, W: at(W), wK: transposed ? 1 : J, wJ: transposed ? K : 1 },
          ...{ x: at(x), xK: row, xC: column },
        };
        const products = runEverywhere(dtype, 'dense', randoms(dtype, 2 * J * C * B, seed + 5), (result) => ({
          ...{ ...shared, out: at(result), outJ: C * B, outC: B, scale: at(scale!), scaleJ: B, scaleC: 0 },
          ...{ plain: at(result, J * C * B), plainJ: C * B, plainC: B },
        }));
        const product = products.slice(J * C * B);
        const weights = w1.map((w, i) => (second ? round(round(FACTOR * w) * w2![i]!) : w));
        const before = randoms(dtype, C * C * B, seed + 6);
        for (let i = 0; i < C; i++) {
          for (let j = 0; j < i; j++) before.copyWithin((i * C + j) * B, (j * C + i) * B, (j * C + i + 1) * B);
        }
        const gram = runEverywhere(dtype, 'contract', before, (result) => ({
          ...{ I: C, J: C, K: J, B, out: at(result), outI: C * B, outJ: B, accumulate, symmetric: true },
          ...{ a: at(product), aI: B, aK: C * B, b: at(product), bJ: B, bK: C * B, w: at(weights), wK: B },
        }));

        const room = randoms(dtype, C * C * B + J * C * B + 3, seed + 7);
        room.set(before);
        const packed = randoms(dtype, K * 4 * lanes + 1, seed + 8);
        const behind = packed.at(-1);
        const fused = runEverywhere(dtype, 'denseGram', room, (result) => ({
          ...{ ...shared, gram: at(result), gramI: C * B, gramJ: B, weight: at(w1), weightJ: B, accumulate },
          ...{ weight2: second ? at(w2!) : undefined, weight2J: B, packed: packs ? at(packed) : undefined },
          ...{ scale: stored && scaled ? at(scale!) : undefined, scaleJ: B },
          ...{ out: stored ? at(result, C * C * B) : undefined, outJ: C * B, outC: B },
        }));
        expect(isSame(fused.subarray(0, C * C * B), gram)).toBe(true);
        const out = stored ? (scaled ? products.slice(0, J * C * B) : product) : room.slice(C * C * B, -3);
        expect(isSame(fused.subarray(C * C * B, -3), out)).toBe(true);
        expect(isSame(fused.subarray(-3), room.subarray(-3))).toBe(true);
        expect(packed.at(-1)).toBe(behind);
      }),
      { numRuns: 100 },
    );
  });
});
