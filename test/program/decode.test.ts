import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProgram } from '../../lib/compile/program-reader.js';
import {
  type Base,
  constant,
  type DenseGramWords,
  type Operand,
  output,
  ProgramWriter,
  panel,
  input as readInput,
  shared,
} from '../../lib/compile/program-writer.js';
import type { DataArray } from '../../lib/runtime/program.js';
import { cases } from '../exec/cases.js';
import { classes, runOn, runProgramRaw } from '../exec/testing-addon.js';

const limits = { scratchBytes: 2 ** 22, nanoseconds: 1e7 };
const at = (base: Base, ...strides: number[]): Operand => ({ base, strides });

/** What the decoder says of the words, as `CODE message`; empty if it accepts them. */
function refusal(words: Float64Array): string {
  try {
    runProgramRaw(words, [], [], 'scalar', 1, limits);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // Accepted programs fail only later, on their missing inputs.
    return code === 'ERR_NABLA_ARGUMENT' ? '' : `${code} ${message}`;
  }
  return '';
}

/** A valid program: y[N, 3] = tanh(x[N, 3]) and the column sums of y. */
function small(change: (w: ProgramWriter) => void = () => {}): Float64Array {
  const w = new ProgramWriter('float32');
  const x = w.input('float32', 96);
  const y = w.output('float32', 96);
  w.input('int32', 5);
  w.output('float32', 3);
  w.constant(2);
  w.reserveShared(10);
  w.lanesLoop({ N: 32, B: 16, arenaElements: 96, accumulatorElements: 3 });
  w.gather([3], at(panel(0), 16), at(readInput(x), 1), 3);
  w.elementwise('tanh', [3], at(panel(48), 16), [at(panel(0), 16)]);
  w.scatter([3], at(panel(48), 16), at(output(y), 1), 3);
  w.laneSum([3], { offset: 0, strides: [1] }, at(panel(48), 16));
  change(w);
  w.final(0, 3, output(1));
  return w.finish();
}

const flat = (change: (w: ProgramWriter) => void) =>
  small((w) => {
    w.flatLoop();
    change(w);
    w.lanesLoop({ N: 0, B: 16, accumulatorElements: 3 }); // takes the final that small() adds
  });

describe('the decoder accepts', () => {
  it('the program the refusals below are made from', () => {
    expect(refusal(small())).toBe('');
  });

  it.each(Object.entries(cases))('%s', (_, make) => {
    for (const N of [0, 1, 33]) expect(refusal(make('float32', N).words)).toBe('');
  });
});

describe('the decoder refuses', () => {
  const e = (w: ProgramWriter, out: Operand, input: Operand, dims = [3]) => w.elementwise('exp', dims, out, [input]);
  const p = at(panel(0), 16);
  const sums = { offset: 0, strides: [0, 0] };
  const pair = { a: p, b: p };
  const gram = (w: ProgramWriter, change: Partial<DenseGramWords>) =>
    w.denseGram({
      ...{ J: 1, K: 1, C: 1, gram: at(panel(48), 0, 0), W: at(readInput(0), 0, 0) },
      ...{ x: at(panel(0), 0, 0), weight: at(panel(0), 0), ...change },
    });

  it.each<[string, string, Float64Array]>([
    ['no words', 'ends after 0 words', new Float64Array()],
    ['another magic', 'no program', small().map((word, i) => (i === 0 ? 1 : word))],
    ['another version', 'version 2', small().map((word, i) => (i === 1 ? 2 : word))],
    ['an integer compute dtype', 'from 0 to 1', small().map((word, i) => (i === 2 ? 2 : word))],
    ['more inputs than words', 'inputs: 1000', small().map((word, i) => (i === 3 ? 1000 : word))],
    ['more constants than words', 'constants', small().map((word, i) => (i === 5 ? 2 ** 50 : word))],
    ['a fraction', 'received 0.5', small().map((word, i) => (i === 7 ? 0.5 : word))],
    ['a NaN', 'received nan', small().map((word, i) => (i === 9 ? Number.NaN : word))],
    ['a negative length', 'received -1', small().map((word, i) => (i === 9 ? -1 : word))],
    ['words left over', '1 words are left over', Float64Array.from([...small(), 0])],
    ['a program that ends in an instruction', 'it ends after 40 words', small().slice(0, 40)],
    ['a program without its end', 'finals: 1 of them', small().slice(0, -1)],
  ])('%s', (_, why, words) => {
    expect(refusal(words)).toMatch(/^ERR_NABLA_PROGRAM program refused at word \d+/);
    expect(refusal(words)).toContain(why);
  });

  it.each<[string, string, (w: ProgramWriter) => void]>([
    ['a panel beyond the arena', 'reaches element 111 of PANEL 0, which has 96', (w) => e(w, at(panel(64), 16), p)],
    ['a panel offset inside a cache line', 'no multiple of 16', (w) => e(w, at(panel(8), 16), p)],
    ['a panel stride inside a cache line', 'no multiple of 16', (w) => e(w, at(panel(0), 8), p)],
    ['a result on itself', 'overlap each other', (w) => e(w, at(panel(0), 0), p)],
    ['an interleaved result', 'overlap each other', (w) => e(w, at(panel(0), 16, 16), at(panel(0), 0, 0), [2, 3])],
    ['an input that is not there', 'operand index', (w) => e(w, p, at(readInput(2), 1))],
    ['an input beyond its end', 'reaches element 96 of INPUT 0', (w) => e(w, p, at(readInput(0, 94), 1))],
    ['an input of another dtype', "INPUT 1 does not have the program's dtype", (w) => e(w, p, at(readInput(1), 1))],
    ['a constant that is not there', 'operand index', (w) => e(w, p, at(constant(1), 0))],
    ['a walk along a constant', 'CONSTANT 0, which has 1', (w) => e(w, p, at(constant(0), 1))],
    ['a result in uniform scratch', 'in SHARED may not stand here', (w) => e(w, at(shared(0), 1), p)],
    ['an output as an operand', 'in OUTPUT may not stand here', (w) => e(w, p, at(output(0), 1))],
    ['uniform scratch beyond its end', 'element 10 of SHARED', (w) => e(w, p, at(shared(8), 1))],
    ['a gather of samples that are not there', 'INPUT 0', (w) => w.gather([3], p, at(readInput(0), 1), 4)],
    ['a scatter of all samples to one place', 'overlap each other', (w) => w.scatter([3], p, at(output(0), 1), 0)],
    ['a scatter beyond an output', 'OUTPUT 1', (w) => w.scatter([3], p, at(output(1), 1), 3)],
    [
      'sums beyond the accumulators',
      'ACCUMULATOR 0',
      (w) => w.laneSum([4], { offset: 0, strides: [1] }, at(panel(0), 0)),
    ],
    ['a sum of no products', 'pairs: expected an integer from 1 to 4', (w) => w.outerSum([], 1, 1, sums)],
    ['a sum of five products', 'pairs', (w) => w.outerSum([], 1, 1, sums, pair, pair, pair, pair, pair)],
    [
      'a sum of two products over dims',
      'more than one pair, and dims',
      (w) => {
        const over = { a: at(panel(0), 16, 0), b: at(panel(0), 16, 0) };
        w.outerSum([3], 1, 1, { offset: 0, strides: [0, 0, 0] }, over, over);
      },
    ],
    [
      'a factor of a second product beyond the arena',
      'a: it reaches element 111 of PANEL 0',
      (w) => w.outerSum([], 1, 1, sums, pair, { ...pair, a: at(panel(96), 0) }),
    ],
    [
      'the other factor of a second product beyond its input',
      'b: it reaches element 96 of INPUT 0',
      (w) => w.outerSum([], 1, 1, sums, pair, { ...pair, b: at(readInput(0, 96), 0) }),
    ],
    [
      'a symmetric contraction of different operands',
      'not the same operand',
      (w) =>
        w.contract({
          symmetric: true,
          dims: [],
          I: 1,
          J: 1,
          K: 3,
          out: at(panel(48), 0, 0),
          a: at(panel(0), 0, 16),
          b: at(panel(0), 0, 0),
        }),
    ],
    [
      'bias columns beyond the columns',
      'bias columns',
      (w) =>
        w.dense({
          J: 1,
          K: 1,
          C: 1,
          biasColumns: 2,
          out: at(panel(48), 0, 0),
          W: at(readInput(0), 0, 0),
          x: at(panel(0), 0, 0),
          bias: at(readInput(0), 0),
        }),
    ],
    [
      'a plain result beside none that is scaled',
      'no scale',
      (w) =>
        w.dense({
          J: 1,
          K: 1,
          C: 1,
          out: at(panel(48), 0, 0),
          W: at(readInput(0), 0, 0),
          x: at(panel(0), 0, 0),
          plain: at(panel(32), 0, 0),
        }),
    ],
    ['more columns than a gram has registers for', 'from 1 to 4', (w) => gram(w, { C: 5 })],
    ['a gram on itself', 'overlap each other', (w) => gram(w, { C: 2 })],
    ['a scale of no result', 'no result that is scaled', (w) => gram(w, { scale: at(panel(0), 0) })],
    ['weights of a gram beyond the arena', 'weight2: it reaches', (w) => gram(w, { J: 9, weight2: at(panel(0), 16) })],
    [
      'weights per sample',
      'in PANEL may not stand here',
      (w) =>
        w.dense({
          J: 1,
          K: 1,
          C: 1,
          out: at(panel(48), 0, 0),
          W: at(panel(0), 0, 0),
          x: at(panel(0), 0, 0),
        }),
    ],
  ])('%s', (_, why, change) => {
    expect(refusal(small(change))).toMatch(/^ERR_NABLA_PROGRAM program refused at word \d+ \(loop 0, instruction 4/);
    expect(refusal(small(change))).toContain(why);
  });

  it.each<[string, string, (w: ProgramWriter) => void]>([
    ['panels in flat loops', 'in PANEL may not stand here in a flat loop', (w) => e(w, at(shared(0), 1), p)],
    ['sums over samples in flat loops', 'lanes loops', (w) => w.laneSum([], { offset: 0, strides: [] }, at(shared(0)))],
    ['a lane stride in flat loops', 'lane stride', (w) => w.gather([], at(shared(0)), at(readInput(0)), 1)],
  ])('%s', (_, why, change) => {
    expect(refusal(flat(change))).toContain('loop 1, instruction 0');
    expect(refusal(flat(change))).toContain(why);
  });

  it.each<[string, string, (w: ProgramWriter) => void]>([
    ['odd blocks', 'multiple of 16', (w) => w.lanesLoop({ N: 1, B: 8 })],
    ['no lanes', 'multiple of 16', (w) => w.lanesLoop({ N: 1, B: 0 })],
    ['blocks beyond any cache', 'multiple of 16', (w) => w.lanesLoop({ N: 1, B: 2 ** 20 })],
    [
      'sums delivered to a wrong place',
      'OUTPUT 1',
      (w) => {
        w.lanesLoop({ N: 1, B: 16, accumulatorElements: 9 });
        w.final(0, 9, output(1));
      },
    ],
    [
      'sums that are not there',
      'ACCUMULATOR 0',
      (w) => {
        w.lanesLoop({ N: 1, B: 16, accumulatorElements: 2 });
        w.final(0, 3, output(1));
      },
    ],
  ])('%s', (_, why, change) => {
    expect(refusal(small(change))).toMatch(/^ERR_NABLA_PROGRAM /);
    expect(refusal(small(change))).toContain(why);
  });

  it.each<[string, (w: ProgramWriter) => void]>([
    ['an arena beyond memory', (w) => w.lanesLoop({ N: 1, B: 16, arenaElements: 2 ** 52, accumulatorElements: 3 })],
    ['accumulators beyond memory', (w) => w.lanesLoop({ N: 1, B: 16, accumulatorElements: 2 ** 40 })],
    ['scratch beyond memory', (w) => w.reserveShared(2 ** 50)],
    ['more samples than a word can count', (w) => w.lanesLoop({ N: 2 ** 53, B: 16, accumulatorElements: 3 })],
    [
      'endless work on one number',
      (w) => {
        w.contract({
          dims: [2 ** 20, 2 ** 20],
          I: 1,
          J: 1,
          K: 1,
          out: at(panel(0), 0, 0, 0, 0),
          a: at(constant(0), 0, 0, 0, 0),
          b: at(constant(0), 0, 0, 0, 0),
        });
      },
    ],
  ])('%s as too large', (_, change) => {
    expect(refusal(small(change))).toMatch(/^ERR_NABLA_TOO_LARGE program refused at word \d+/);
  });

  it('reaches that overflow 64 bits', () => {
    const dims = [2 ** 12, 2 ** 12, 2];
    const words = small((w) => {
      const loop = w.lanesLoop({ N: 1, B: 16, arenaElements: 2 ** 12, accumulatorElements: 3 });
      w.elementwise('exp', [2], at(panel(0), 16), [at(readInput(0), 2 ** 53 - 1)]);
      loop.arenaElements = 2 ** 12;
    });
    expect(refusal(words)).toContain('INPUT 0');
    const reduce = small((w) => w.reduceSum(dims, at(panel(0), 0, 0, 0), at(panel(0), 2 ** 52, 2 ** 52, 2 ** 52)));
    expect(refusal(reduce)).toContain('reaches element 2^63');
  });
});

/** Values a fault or an attacker would try in any word. */
const nasty = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.constantFrom(16, 48, 64, 96, 1000, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 62, 1e300, -1, 0.5),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
);

describe('a program with words changed', () => {
  const names = Object.keys(cases);
  const programs = names.flatMap((name) => [0, 1, 17, 33].map((N) => cases[name]!('float32', N)));

  it('is refused or runs within its bounds', () => {
    let ran = 0;
    fc.assert(
      fc.property(
        fc.nat(programs.length - 1),
        fc.array(fc.tuple(fc.nat(), nasty, fc.boolean()), { minLength: 1, maxLength: 3 }),
        (which, changes) => {
          const original = programs[which]!;
          const words = original.words.slice();
          for (const [where, value, relative] of changes) {
            const i = where % words.length;
            words[i] = relative ? words[i]! + value : value;
          }
          let inputs: DataArray[];
          try {
            // Inputs as the changed program declares them, unless that would be absurd.
            const view = readProgram(words);
            if ([...view.inputs, ...view.outputs].some((spec) => !(spec.length >= 0 && spec.length < 1e5))) return;
            inputs = view.inputs.map((spec, i) => {
              const array = new classes[spec.dtype](spec.length);
              array.set(Array.from(original.inputs[i] ?? []).slice(0, spec.length));
              return array;
            });
            if (runOn('scalar', 1, words, inputs, limits) !== undefined) ran++;
          } catch (error) {
            const { code } = error as { code?: string };
            expect(['ERR_NABLA_PROGRAM', 'ERR_NABLA_TOO_LARGE', 'ERR_NABLA_OUT_OF_MEMORY']).toContain(code);
            return;
          }
          // What runs, runs the same everywhere.
        },
      ),
      { numRuns: 6000 },
    );
    // About one in thirty runs, so 200 of these; far fewer would mean that this test no longer tests much.
    expect(ran).toBeGreaterThan(100);
  });
});
