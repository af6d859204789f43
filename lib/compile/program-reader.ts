import { NablaError } from '../runtime/errors.js';
import { ActivationOp, LoopKind, Op, Opcode, PROGRAM_MAGIC, PROGRAM_VERSION, ProgramDType, Space } from './opcodes.js';
import type { Operand, OuterPair } from './program-writer.js';

/** An accumulator place: offset and strides in elements of the loop's accumulators. */
export interface AccumulatorPlace {
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Instructions as `ProgramWriter` takes them, tagged by opcode. */
export type InstructionView =
  | { opcode: 'elementwise'; op: Op; dims: number[]; out: Operand; inputs: Operand[] }
  | {
      opcode: 'dense';
      accumulate: boolean;
      J: number;
      K: number;
      C: number;
      biasColumns: number;
      out: Operand;
      W: Operand;
      x: Operand;
      bias: Operand;
      scale: Operand;
      plain: Operand;
    }
  | {
      opcode: 'denseGram';
      accumulate: boolean;
      J: number;
      K: number;
      C: number;
      factor: number;
      gram: Operand;
      W: Operand;
      x: Operand;
      weight: Operand;
      weight2: Operand;
      scale: Operand;
      out: Operand;
    }
  | {
      opcode: 'contract';
      accumulate: boolean;
      symmetric: boolean;
      dims: number[];
      I: number;
      J: number;
      K: number;
      out: Operand;
      a: Operand;
      b: Operand;
      w: Operand;
    }
  | { opcode: 'activation'; op: ActivationOp; rows: number; z: Operand; value: Operand; slope: Operand }
  | { opcode: 'reduceSum'; dims: number[]; out: Operand; source: Operand }
  | { opcode: 'gather'; dims: number[]; out: Operand; source: Operand; laneStride: number }
  | { opcode: 'scatter'; dims: number[]; source: Operand; destination: Operand; laneStride: number }
  | { opcode: 'laneSum'; dims: number[]; accumulator: AccumulatorPlace; source: Operand }
  | {
      opcode: 'outerSum';
      dims: number[];
      I: number;
      J: number;
      accumulator: AccumulatorPlace;
      pairs: OuterPair[];
    };

export interface FinalView {
  readonly accumulatorOffset: number;
  readonly length: number;
  readonly destination: Operand;
  readonly beta: number;
}

export interface LoopView {
  readonly kind: LoopKind;
  readonly N: number;
  readonly B: number;
  readonly arenaElements: number;
  readonly accumulatorElements: number;
  readonly instructions: readonly InstructionView[];
  readonly finals: readonly FinalView[];
}

export interface ArrayView {
  readonly dtype: keyof typeof ProgramDType;
  readonly length: number;
}

export interface ProgramView {
  readonly dtype: 'float32' | 'float64';
  readonly inputs: readonly ArrayView[];
  readonly outputs: readonly ArrayView[];
  readonly constants: readonly number[];
  readonly sharedElements: number;
  readonly loops: readonly LoopView[];
}

function inverse<K extends string>(table: Readonly<Record<K, number>>): ReadonlyMap<number, K> {
  return new Map((Object.keys(table) as K[]).map((key) => [table[key], key]));
}

const dtypeNames = inverse(ProgramDType);
const kindNames = inverse(LoopKind);
const spaceNames = inverse(Space);
const opcodeNames = inverse(Opcode);
const opNames = inverse(Op);
const activationNames = inverse(ActivationOp);

/**
 * The structure behind a program's words, for printing and for tests. Ranges are not checked: the native decoder does that.
 * @throws NablaError ERR_NABLA_PROGRAM if the words have not even the form of a program
 */
export function readProgram(words: Float64Array): ProgramView {
  const reader = new Reader(words);
  if (reader.word() !== PROGRAM_MAGIC || reader.word() !== PROGRAM_VERSION)
    throw malformed(0, 'no program starts here');
  const dtype = reader.name(dtypeNames);
  const nInputs = reader.word();
  const nOutputs = reader.word();
  const nConstants = reader.word();
  const sharedElements = reader.word();
  const nLoops = reader.word();
  const array = (): ArrayView => ({ dtype: reader.name(dtypeNames), length: reader.word() });
  const inputs = reader.times(nInputs, array);
  const outputs = reader.times(nOutputs, array);
  const constants = reader.times(nConstants, () => reader.word());
  const loops = reader.times(nLoops, () => readLoop(reader));
  if (!reader.atEnd()) throw malformed(reader.at, 'words are left over');
  return { dtype: dtype as 'float32' | 'float64', inputs, outputs, constants, sharedElements, loops };
}

function readLoop(reader: Reader): LoopView {
  const kind = reader.name(kindNames);
  const [N, B, arenaElements, accumulatorElements] = reader.words(4) as [number, number, number, number];
  const nInstructions = reader.word();
  const nFinals = reader.word();
  const instructions = reader.times(nInstructions, () => readInstruction(reader));
  const finals = reader.times(nFinals, () => ({
    accumulatorOffset: reader.word(),
    length: reader.word(),
    destination: reader.operand(0),
    beta: reader.word(),
  }));
  return { kind, N, B, arenaElements, accumulatorElements, instructions, finals };
}

function readInstruction(reader: Reader): InstructionView {
  const opcode = reader.name(opcodeNames);
  reader.word(); // the instruction's length
  switch (opcode) {
    case 'elementwise': {
      const op = reader.name(opNames);
      const count = reader.word();
      const dims = reader.dims();
      const out = reader.operand(dims.length);
      return { opcode, op, dims, out, inputs: reader.times(count, () => reader.operand(dims.length)) };
    }
    case 'dense':
      return {
        opcode,
        accumulate: reader.word() !== 0,
        J: reader.word(),
        K: reader.word(),
        C: reader.word(),
        biasColumns: reader.word(),
        out: reader.operand(2),
        W: reader.operand(2),
        x: reader.operand(2),
        bias: reader.operand(1),
        scale: reader.operand(2),
        plain: reader.operand(2),
      };
    case 'denseGram':
      return {
        opcode,
        accumulate: reader.word() !== 0,
        J: reader.word(),
        K: reader.word(),
        C: reader.word(),
        factor: reader.word(),
        gram: reader.operand(2),
        W: reader.operand(2),
        x: reader.operand(2),
        weight: reader.operand(1),
        weight2: reader.operand(1),
        scale: reader.operand(1),
        out: reader.operand(2),
      };
    case 'contract': {
      const accumulate = reader.word() !== 0;
      const symmetric = reader.word() !== 0;
      const dims = reader.dims();
      const rank = dims.length;
      return {
        opcode,
        accumulate,
        symmetric,
        dims,
        I: reader.word(),
        J: reader.word(),
        K: reader.word(),
        out: reader.operand(rank + 2),
        a: reader.operand(rank + 2),
        b: reader.operand(rank + 2),
        w: reader.operand(rank + 1),
      };
    }
    case 'activation':
      return {
        opcode,
        op: reader.name(activationNames),
        rows: reader.word(),
        z: reader.operand(1),
        value: reader.operand(1),
        slope: reader.operand(1),
      };
    case 'reduceSum': {
      const dims = reader.dims();
      return { opcode, dims, out: reader.operand(dims.length), source: reader.operand(dims.length) };
    }
    case 'gather': {
      const dims = reader.dims();
      const rank = dims.length;
      return { opcode, dims, out: reader.operand(rank), source: reader.operand(rank), laneStride: reader.word() };
    }
    case 'scatter': {
      const dims = reader.dims();
      const rank = dims.length;
      return {
        opcode,
        dims,
        source: reader.operand(rank),
        destination: reader.operand(rank),
        laneStride: reader.word(),
      };
    }
    case 'laneSum': {
      const dims = reader.dims();
      return { opcode, dims, accumulator: reader.accumulator(dims.length), source: reader.operand(dims.length) };
    }
    case 'outerSum': {
      const dims = reader.dims();
      const rank = dims.length;
      return {
        opcode,
        dims,
        I: reader.word(),
        J: reader.word(),
        accumulator: reader.accumulator(rank + 2),
        pairs: reader.times(reader.word(), () => ({ a: reader.operand(rank + 1), b: reader.operand(rank + 1) })),
      };
    }
  }
}

class Reader {
  at = 0;
  readonly #words: Float64Array;

  constructor(words: Float64Array) {
    this.#words = words;
  }

  atEnd(): boolean {
    return this.at === this.#words.length;
  }

  word(): number {
    const value = this.#words[this.at];
    if (value === undefined) throw malformed(this.at, 'the program ends too early');
    this.at++;
    return value;
  }

  words(count: number): number[] {
    return this.times(count, () => this.word());
  }

  times<R>(count: number, read: () => R): R[] {
    if (!(count >= 0 && count <= this.#words.length)) throw malformed(this.at, `${count} is no count`);
    return globalThis.Array.from({ length: count }, read);
  }

  name<K extends string>(names: ReadonlyMap<number, K>): K {
    const name = names.get(this.word());
    if (name === undefined) throw malformed(this.at - 1, 'this number has no name');
    return name;
  }

  dims(): number[] {
    return this.words(this.word());
  }

  operand(strides: number): Operand {
    const space = this.name(spaceNames);
    const index = this.word();
    const offset = this.word();
    return { base: { space, index, offset }, strides: this.words(strides) };
  }

  accumulator(strides: number): AccumulatorPlace {
    return { offset: this.word(), strides: this.words(strides) };
  }
}

const malformed = (at: number, why: string) => new NablaError('ERR_NABLA_PROGRAM', `word ${at}: ${why}`, { word: at });
