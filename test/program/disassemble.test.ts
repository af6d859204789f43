import { describe, expect, it } from 'vitest';
import { disassemble } from '../../lib/compile/disassemble.js';
import { readProgram } from '../../lib/compile/program-reader.js';
import {
  type Base,
  constant,
  type Operand,
  output,
  ProgramWriter,
  panel,
  input as readInput,
  shared,
} from '../../lib/compile/program-writer.js';
import { NablaError } from '../../lib/runtime/errors.js';
import { cases } from '../exec/cases.js';

const at = (base: Base, ...strides: number[]): Operand => ({ base, strides });

/** The words again, from what was read of them. */
function rewritten(words: Float64Array): Float64Array {
  const view = readProgram(words);
  const w = new ProgramWriter(view.dtype);
  for (const { dtype, length } of view.inputs) w.input(dtype, length);
  for (const { dtype, length } of view.outputs) w.output(dtype, length);
  for (const value of view.constants) w.constant(value);
  w.reserveShared(view.sharedElements);
  for (const loop of view.loops) {
    if (loop.kind === 'flat') w.flatLoop();
    else w.lanesLoop(loop);
    for (const i of loop.instructions) {
      if (i.opcode === 'elementwise') w.elementwise(i.op, i.dims, i.out, i.inputs);
      else if (i.opcode === 'dense') w.dense(i);
      else if (i.opcode === 'denseGram') w.denseGram(i);
      else if (i.opcode === 'contract') w.contract(i);
      else if (i.opcode === 'reduceSum') w.reduceSum(i.dims, i.out, i.source);
      else if (i.opcode === 'gather') w.gather(i.dims, i.out, i.source, i.laneStride);
      else if (i.opcode === 'scatter') w.scatter(i.dims, i.source, i.destination, i.laneStride);
      else if (i.opcode === 'laneSum') w.laneSum(i.dims, i.accumulator, i.source);
      else if (i.opcode === 'activation') w.activation(i.op, i.rows, i.z, i.value, i.slope);
      else w.outerSum(i.dims, i.I, i.J, i.accumulator, ...i.pairs);
    }
    for (const { accumulatorOffset, length, destination, beta } of loop.finals) {
      w.final(accumulatorOffset, length, destination.base, beta);
    }
  }
  return w.finish();
}

describe('reading a program', () => {
  it.each(Object.entries(cases))('%s comes back word for word', (_, make) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const { words } = make(dtype, 17);
      expect(rewritten(words)).toEqual(words);
    }
  });

  it.each<[string, (words: Float64Array) => Float64Array]>([
    ['no words', () => new Float64Array()],
    ['a foreign magic', (words) => words.fill(0, 0, 1)],
    ['an unknown dtype', (words) => words.fill(7, 2, 3)],
    ['a count that is no count', (words) => words.fill(-1, 3, 4)],
    ['a program cut short', (words) => words.slice(0, -1)],
    ['words left over', (words) => Float64Array.from([...words, 0])],
  ])('refuses %s', (_, change) => {
    const words = change(cases.network!('float32', 1).words);
    expect(() => readProgram(words)).toThrow(NablaError);
    expect(() => readProgram(words)).toThrow(/word \d+: /);
  });
});

describe('disassembling', () => {
  it('shows every instruction with its places, strides and dims', () => {
    const w = new ProgramWriter('float32');
    const x = w.input('float32', 99);
    const weights = w.input('float32', 100);
    const y = w.output('float64', 640);
    const half = w.constant(0.5);
    const zero = w.constant(-0);
    const s = w.reserveShared(60);
    w.flatLoop();
    w.elementwise('mul', [60], at(shared(s), 1), [at(readInput(weights, 40), 1), at(constant(half), 0)]);
    w.elementwise('copy', [], at(shared(s)), [at(constant(zero))]);
    w.lanesLoop({ N: 32, B: 16, arenaElements: 1024, accumulatorElements: 64 });
    w.gather([3], at(panel(0), 16), at(readInput(x, 3), 1), 3);
    w.dense({
      J: 20,
      K: 3,
      C: 2,
      biasColumns: 1,
      out: at(panel(96), 16, 16),
      W: at(shared(s), 20, 1),
      x: at(panel(0), 16, 0),
      bias: at(readInput(x), 1),
      scale: at(panel(96), 16, 16),
    });
    w.dense({
      accumulate: true,
      J: 20,
      K: 3,
      C: 1,
      out: at(panel(96), 16, 16),
      W: at(shared(s), 20, 1),
      x: at(panel(0), 16, 0),
    });
    w.dense({
      J: 2,
      K: 3,
      C: 1,
      out: at(panel(96), 16, 0),
      W: at(shared(s), 20, 1),
      x: at(panel(0), 16, 0),
      scale: at(panel(160), 16, 0),
      plain: at(panel(128), 16, 0),
    });
    w.contract({
      symmetric: true,
      accumulate: true,
      dims: [4],
      I: 3,
      J: 3,
      K: 1,
      out: at(panel(0), 0, 48, 16),
      a: at(panel(96), 16, 16, 16),
      b: at(panel(96), 16, 16, 16),
      w: at(panel(96), 16, 16),
    });
    w.reduceSum([3, 2], at(panel(0), 16, 0), at(panel(96), 32, 16));
    w.laneSum([3], { offset: 60, strides: [1] }, at(panel(0), 16));
    w.outerSum([], 3, 20, { offset: 0, strides: [20, 1] }, { a: at(panel(0), 16), b: at(panel(96), 16) });
    w.scatter([20], at(panel(96), 16), at(output(y), 1), 20);
    w.final(0, 60, shared(s));
    w.final(60, 3, shared(s + 1), 0.5);
    expect(disassemble(w.finish())).toMatchInlineSnapshot(`
      "program float32, shared 60
        in0  float32[99]
        in1  float32[100]
        out0  float64[640]
        c0 = 0.5
        c1 = -0
      loop 0: flat
        0  elementwise  s0{1} = mul(in1+40{1}, c0{0})  [60]
        1  elementwise  s0 = copy(c1)  []
      loop 1: lanes N=32 B=16, arena 1024, accumulators 64
        0  gather       p0{16} = in0+3{1} lane 3  [3]
        1  dense        p96{16,16} = p96{16,16} * (W s0{20,1} * p0{16,0} + in0{1} (columns < 1))  J=20 K=3 C=2
        2  dense        p96{16,16} += W s0{20,1} * p0{16,0}  J=20 K=3 C=1
        3  dense        p96{16,0}, p128{16,0} without the scale = p160{16,0} * (W s0{20,1} * p0{16,0})  J=2 K=3 C=1
        4  contract     p0{0,48,16} += p96{16,16,16} * p96{16,16} * p96{16,16,16}  [4] I=3 J=3 K=1  symmetric
        5  reduceSum    p0{16,0} = sum p96{32,16}  [3,2]
        6  laneSum      a60{1} += p0{16}  [3]
        7  outerSum     a0{20,1} += p0{16} x p96{16}  [] I=3 J=20
        8  scatter      out0{1} lane 20 = p96{16}  [20]
        final s0 = a0 [60]
        final s1 = 0.5 * itself + a60 [3]
      "
    `);
  });
});
