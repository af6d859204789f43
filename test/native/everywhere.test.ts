import fc from 'fast-check';
import { describe, test } from 'vitest';
import { runs } from '../support/runs.js';
import {
  type At,
  addon,
  at,
  type Data,
  dtypes,
  type Float,
  type FloatArray,
  floats,
  lanesOf,
  randoms,
  runEverywhere,
} from './addon.js';

// The kernels of every instruction set against each other, to the bit, at random shapes, strides and flags. That they compute what
// they should is tested beside this file, at chosen sizes; here it is that no size, layout or flag sets one apart from the others.

/** Numbers of all sizes; with `special`, infinities, NaN, zeros of both signs and subnormal numbers among them. */
function values(dtype: Float, length: number, seed: number, special: boolean): FloatArray {
  const out = randoms(dtype, length, seed);
  if (!special) return out;
  const least = dtype === 'float32' ? 2 ** -149 : 2 ** -1074;
  const specials = [0, -0, Infinity, -Infinity, Number.NaN, least, -3 * least, 1, 3e38, 1e-30];
  const dice = randoms('float64', 2 * length, ~seed);
  for (let i = 0; i < length; i++) {
    const kind = dice[2 * i] as number;
    if (kind > 0.85) out[i] = specials[Math.floor(Math.abs(dice[2 * i + 1] as number) * specials.length)] as number;
    else if (kind > 0) out[i] = (out[i] as number) * 2 ** Math.floor((dice[2 * i + 1] as number) * 30);
  }
  return out;
}

/** Strides of nested dims over units of `unit` elements: in which order they nest and how much room there is between is drawn. */
function nested(sizes: number[], unit: number, layout: number): { strides: number[]; length: number } {
  const order = layout % 2 === 0 ? sizes.map((_, d) => sizes.length - 1 - d) : sizes.map((_, d) => d);
  const strides = sizes.map(() => 0);
  let length = unit + (Math.floor(layout / 2) % 3);
  for (const d of order) {
    strides[d] = length;
    length = length * Math.max(sizes[d] as number, 1) + (Math.floor(layout / 6) % 2);
  }
  return { strides, length };
}

const layouts = 12;

class Operands {
  private seed: number;
  constructor(
    readonly dtype: Float,
    seed: number,
    readonly special: boolean,
  ) {
    this.seed = seed;
  }

  /** An operand of the given dims; its first element is not the first of its memory, so nothing is aligned. */
  make(sizes: number[], unit: number, layout: number): { at: At; strides: number[] } {
    const { strides, length } = nested(sizes, unit, layout);
    const offset = layout % 5;
    return { at: at(this.fill(length + offset), offset), strides };
  }

  fill(length: number): FloatArray {
    this.seed = (this.seed * 31 + 7) % 2 ** 31;
    return values(this.dtype, length, this.seed, this.special);
  }
}

const small = fc.nat(9);
const size = fc.oneof({ weight: 3, arbitrary: small }, { weight: 1, arbitrary: fc.nat(40) });
const layout = fc.nat(layouts - 1);
const common = { seed: fc.nat(), special: fc.boolean() };

/** Checks a property of one kernel; what it is given besides numbers and flags is `seed` and `special`. */
function check<C extends { seed: number; special: boolean }>(
  record: fc.Arbitrary<C>,
  dtype: Float,
  numRuns: number,
  run: (c: C, operands: Operands) => void,
): void {
  const property = fc.property(record, (c) => run(c, new Operands(dtype, c.seed, c.special)));
  fc.assert(property, { numRuns: runs(numRuns) });
}

describe.each(dtypes)('every instruction set gives the same bits, %s', (dtype) => {
  const lanes = lanesOf(dtype);
  const blocks = fc.integer({ min: 1, max: 5 });

  const dense = fc.record({
    ...{
      ...common,
      J: size,
      K: size,
      C: small,
      q: blocks,
      xLayout: layout,
      outLayout: layout,
      wTransposed: fc.boolean(),
    },
    ...{ bias: fc.boolean(), biasColumns: small, biasJ: fc.nat(2), scale: fc.boolean(), accumulate: fc.boolean() },
    ...{ plain: fc.boolean(), oneScale: fc.boolean() },
  });
  test.each(['dense', 'denseFlat'])('%s', (kernel) => {
    check(dense, dtype, 150, (c, operands) => {
      const { J, K, C } = c;
      const B = kernel === 'dense' ? c.q * lanes : 1;
      const x = operands.make([K, C], B, c.xLayout);
      const out = nested([J, C], B, c.outLayout);
      const scale = operands.make([J, C], B, c.xLayout);
      const W = operands.fill(K * J + 1);
      const bias = operands.fill(J * c.biasJ + 1);
      runEverywhere(dtype, kernel, operands.fill(2 * out.length), (result) => ({
        ...{ J, K, C, B, out: at(result), outJ: out.strides[0], outC: out.strides[1] },
        ...{ W: at(W, 1), wK: c.wTransposed ? 1 : J, wJ: c.wTransposed ? K : 1 },
        ...{ x: x.at, xK: x.strides[0], xC: x.strides[1], bias: c.bias ? at(bias) : undefined, biasJ: c.biasJ },
        ...{ biasColumns: Math.min(c.biasColumns, C), scale: c.scale ? scale.at : undefined },
        ...{ scaleJ: scale.strides[0], scaleC: c.oneScale ? 0 : scale.strides[1], accumulate: c.accumulate },
        ...{ plain: c.scale && c.plain ? at(result, out.length) : undefined },
        ...{ plainJ: out.strides[0], plainC: out.strides[1] },
      }));
    });
  });

  const contract = fc.record({
    ...{ ...common, I: size, J: size, K: fc.oneof(small, fc.nat(140)), q: blocks, aLayout: layout, bLayout: layout },
    ...{ outLayout: layout, weighted: fc.boolean(), symmetric: fc.boolean(), accumulate: fc.boolean() },
    ...{ aUniform: fc.boolean(), bUniform: fc.boolean(), wUniform: fc.boolean() },
  });
  test.each(['contract', 'contractFlat'])('%s', (kernel) => {
    check(contract, dtype, 150, (c, operands) => {
      const flat = kernel === 'contractFlat';
      const { I, K, symmetric } = c;
      const J = symmetric ? I : c.J;
      const B = flat ? 1 : c.q * lanes;
      const a = operands.make([I, K], c.aUniform ? 1 : B, c.aLayout);
      const b = symmetric ? a : operands.make([J, K], c.bUniform ? 1 : B, c.bLayout);
      const w = operands.make([K], c.wUniform ? 1 : B, c.bLayout);
      const out = nested([I, J], B, c.outLayout);
      const [outI, outJ] = out.strides as [number, number];
      const before = operands.fill(out.length);
      if (symmetric) {
        // What is added to is symmetric too, as it is in use.
        for (let i = 0; i < I; i++) {
          for (let j = 0; j < i; j++) {
            before.copyWithin(i * outI + j * outJ, j * outI + i * outJ, j * outI + i * outJ + B);
          }
        }
      }
      runEverywhere(dtype, kernel, before, (result) => ({
        ...{ I, J, K, B, out: at(result), outI, outJ, a: a.at, aI: a.strides[0], aK: a.strides[1] },
        ...{ b: b.at, bJ: b.strides[0], bK: b.strides[1], w: c.weighted ? w.at : undefined, wK: w.strides[0] },
        ...{ aUniform: c.aUniform, bUniform: symmetric ? c.aUniform : c.bUniform, wUniform: c.wUniform },
        ...{ accumulate: c.accumulate, symmetric },
      }));
    });
  });

  const sharedPairs = fc.oneof(fc.constant(0), fc.nat(15));
  const outer = fc.record({
    ...{
      ...common,
      I: size,
      J: size,
      R: small,
      lanes: fc.oneof(fc.nat(40), fc.nat(300)),
      aLayout: layout,
      bLayout: layout,
    },
    ...{ accLayout: layout, aUniform: sharedPairs, bUniform: sharedPairs, pairs: fc.integer({ min: 1, max: 4 }) },
  });
  test('outerSum', () => {
    check(outer, dtype, 150, (c, operands) => {
      // The flags say of which pairs the factors are shared.
      const pairs = Array.from({ length: c.pairs }, (_, p) => {
        const [aUniform, bUniform] = [c.aUniform, c.bUniform].map((set) => ((set >> p) & 1) === 1);
        const a = operands.make([c.R, c.I], aUniform ? 1 : c.lanes, c.aLayout);
        const b = operands.make([c.R, c.J], bUniform ? 1 : c.lanes, p % 2 === 0 ? c.bLayout : c.aLayout);
        return {
          ...{ a: a.at, aR: a.strides[0], aI: a.strides[1], b: b.at, bR: b.strides[0], bJ: b.strides[1] },
          ...{ aUniform, bUniform },
        };
      });
      const acc = nested([c.I, c.J], 1, c.accLayout);
      runEverywhere(dtype, 'outerSum', operands.fill(acc.length), (result) => ({
        ...{ I: c.I, J: c.J, R: c.R, lanes: c.lanes, acc: at(result), accI: acc.strides[0], accJ: acc.strides[1] },
        pairs,
      }));
    });
  });

  const elementwise = fc.record({
    ...{ ...common, pick: fc.nat(), rows: size, n: fc.oneof(fc.constant(1), size, fc.nat(200)), scalars: fc.nat(7) },
    ...{ gaps: fc.tuple(small, small, small, small), inPlace: fc.boolean() },
  });
  test('elementwise', () => {
    check(elementwise, dtype, 800, (c, operands) => {
      const { rows, n } = c;
      const op = operations(dtype)[c.pick % operations(dtype).length] as number;
      const row = (p: number) => n + (c.gaps[p] as number);
      const inputs = [0, 1, 2].map((p) => operands.fill(rows * row(p) + 1));
      const inPlace = c.inPlace && c.scalars % 2 === 0;
      const before = operands.fill(rows * row(3) + 1);
      runEverywhere(dtype, 'elementwise', inPlace ? (inputs[0] as FloatArray) : before, (result) => ({
        ...{ op, rows, n, out: at(result), outRow: inPlace ? row(0) : row(3) },
        in: inputs.map((input, p) => ({
          at: at(inPlace && p === 0 ? result : input),
          row: row(p),
          scalar: (c.scalars & (1 << p)) !== 0,
        })),
      }));
    });
  });

  const activation = fc.record({
    ...{ ...common, pick: fc.nat(), rows: small, n: fc.nat(150), layout },
    ...{ withSlope: fc.boolean(), gap: fc.nat(2) },
  });
  test('activation', () => {
    check(activation, dtype, 300, (c, operands) => {
      const { rows, n, gap } = c;
      const z = operands.make([rows], n, c.layout);
      const valueLength = rows * (n + 2);
      const before = operands.fill(2 * valueLength);
      runEverywhere(dtype, 'activation', before, (result) => ({
        ...{ kind: c.pick % 4, rows, n, z: z.at, zRow: z.strides[0], value: at(result), valueRow: n + gap },
        ...{ slope: c.withSlope ? at(result, valueLength) : undefined, slopeRow: n + gap },
      }));
    });
  });

  const sums = fc.record({
    ...{
      ...common,
      rows: size,
      n: fc.nat(300),
      gap: small,
      step: fc.integer({ min: 1, max: 3 }),
      outRow: fc.integer({ min: 1, max: 3 }),
    },
    ...{ accumulate: fc.boolean(), srcUniform: fc.boolean() },
  });
  test('laneSum, reduceRows, reduceLast', () => {
    check(sums, dtype, 200, (c, operands) => {
      const { rows, n, outRow, accumulate } = c;
      const row = n + c.gap;
      const src = operands.fill(rows * row + 1);
      runEverywhere(dtype, 'laneSum', operands.fill(rows * outRow + 1), (result) => ({
        ...{ rows, lanes: n, acc: at(result), accRow: outRow, src: at(src), srcRow: row, srcUniform: c.srcUniform },
      }));
      runEverywhere(dtype, 'reduceRows', operands.fill(n + 1), (result) => ({
        ...{ rows, n, out: at(result), in: at(src), inRow: row, accumulate },
      }));
      const strided = operands.fill(rows * row * c.step + c.step * n + 1);
      runEverywhere(dtype, 'reduceLast', operands.fill(rows * outRow + 1), (result) => ({
        ...{ rows, n, out: at(result), outRow, in: at(strided), inRow: row * c.step, inStep: c.step, accumulate },
      }));
    });
  });

  const moves = fc.record({
    ...{ ...common, type: fc.nat(4), rows: size, valid: fc.integer({ min: 1, max: 70 }), more: fc.nat(40), gap: small },
    ...{ sampleMajor: fc.boolean(), srcUniform: fc.boolean() },
  });
  test('gather and scatter', () => {
    check(moves, dtype, 200, (c, operands) => {
      const { type, rows, valid } = c;
      const B = valid + c.more;
      const [row, lane] = c.sampleMajor ? [1, rows + c.gap] : [valid + c.gap, 1];
      const length = rows * row + valid * lane + 1;
      const src = elements(type, operands, length);
      runEverywhere(dtype, 'gather', operands.fill(rows * (B + 1) + 1), (result) => ({
        ...{ type, rows, lanes: valid, B, out: at(result), outRow: B + 1, src: at(src), srcRow: row, srcLane: lane },
      }));
      const panel = operands.fill(rows * (B + 1) + 1);
      runEverywhere(dtype, 'scatter', elements(type, operands, length), (result) => ({
        ...{ type, rows, lanes: valid, src: at(panel), srcRow: B + 1, srcUniform: c.srcUniform },
        ...{ dst: at(result), dstRow: row, dstLane: lane },
      }));
    });
  });
});

/** An array of a caller's element type, any bits in it. */
function elements(type: number, operands: Operands, length: number): Data {
  if (type === 0) return Float32Array.from(operands.fill(length));
  if (type === 1) return Float64Array.from(operands.fill(length));
  const bits = Int32Array.from(randoms('float64', length, operands.fill(1).length + length), (x) => x * 2 ** 31);
  return type === 2 ? bits : type === 3 ? Uint32Array.from(bits) : Uint8Array.from(bits, (x) => x & 3);
}

/** The numbers of the elementwise operations there are. */
const known = new Map<Float, number[]>();
function operations(dtype: Float): number[] {
  let found = known.get(dtype);
  if (found === undefined) {
    const one = at(floats(dtype, 1));
    const operand = { at: one, row: 1 };
    const has = (op: number) => {
      try {
        addon.runKernel('scalar', dtype, 'elementwise', {
          op,
          rows: 0,
          n: 1,
          out: one,
          in: [operand, operand, operand],
        });
        return true;
      } catch {
        return false;
      }
    };
    found = Array.from({ length: 69 }, (_, op) => op).filter(has);
    known.set(dtype, found);
  }
  return found;
}
