import type { DType } from '../array/array.js';
import { NablaError } from '../runtime/errors.js';
import {
  ActivationOp,
  arity,
  LoopKind,
  MAX_RANK,
  Op,
  Opcode,
  PROGRAM_MAGIC,
  PROGRAM_VERSION,
  ProgramDType,
  Space,
} from './opcodes.js';

/** Place of an operand: sizes, strides and offsets count elements; panel ones are already multiplied by B. */
export interface Base {
  readonly space: Space;
  /** Which input, output or constant; 0 for the other spaces. */
  readonly index: number;
  readonly offset: number;
}

/** The absent operand: no bias, no scale, no weights. */
export const NONE: Base = { space: 'none', index: 0, offset: 0 };
export const panel = (offset: number): Base => ({ space: 'panel', index: 0, offset });
export const shared = (offset: number): Base => ({ space: 'shared', index: 0, offset });
export const input = (index: number, offset = 0): Base => ({ space: 'input', index, offset });
export const output = (index: number, offset = 0): Base => ({ space: 'output', index, offset });
export const constant = (index: number): Base => ({ space: 'constant', index, offset: 0 });

/** A base with one stride per dim of the instruction. */
export interface Operand {
  readonly base: Base;
  readonly strides: readonly number[];
}

export interface DenseWords {
  readonly accumulate?: boolean;
  readonly J: number;
  readonly K: number;
  readonly C: number;
  /** strides [sJ, sC] */
  readonly out: Operand;
  /** strides [sK, sJ], uniform */
  readonly W: Operand;
  /** strides [sK, sC] */
  readonly x: Operand;
  /** strides [sJ], uniform */
  readonly bias?: Operand;
  /** The bias goes to this many leading columns (default: all), so that a value and its tangents are one instruction. */
  readonly biasColumns?: number;
  /** strides [sJ, sC] */
  readonly scale?: Operand;
  /** Also gets the sum before it is scaled; strides [sJ, sC] */
  readonly plain?: Operand;
}

export interface ContractWords {
  readonly accumulate?: boolean;
  /** a and b are the same operand and I = J */
  readonly symmetric?: boolean;
  readonly dims: readonly number[];
  readonly I: number;
  readonly J: number;
  readonly K: number;
  /** strides [...dims, sI, sJ]; 0 on a dim that is summed */
  readonly out: Operand;
  /** strides [...dims, sI, sK] */
  readonly a: Operand;
  /** strides [...dims, sJ, sK] */
  readonly b: Operand;
  /** strides [...dims, sK] */
  readonly w?: Operand;
}

export interface DenseGramWords {
  readonly accumulate?: boolean;
  readonly J: number;
  readonly K: number;
  readonly C: number;
  readonly factor?: number;
  /** strides [sI, sJ] */
  readonly gram: Operand;
  /** strides [sK, sJ], uniform */
  readonly W: Operand;
  /** strides [sK, sC] */
  readonly x: Operand;
  /** strides [sJ] */
  readonly weight: Operand;
  /** strides [sJ] */
  readonly weight2?: Operand;
  /** strides [sJ] */
  readonly scale?: Operand;
  /** strides [sJ, sC] */
  readonly out?: Operand;
}

/** Factors of a weight gradient: strides [...dims, sI] and [...dims, sJ]. */
export interface OuterPair {
  readonly a: Operand;
  readonly b: Operand;
}

/** Loop header that may still change while instructions are added; it is read by `finish()`. */
export interface LoopHeader {
  readonly kind: LoopKind;
  N: number;
  /** Lanes in a block: a multiple of 16 (float32) or 8 (float64); 1 in flat loops. */
  B: number;
  arenaElements: number;
  accumulatorElements: number;
}

interface LoopDraft extends LoopHeader {
  instructions: number;
  finals: number;
  readonly words: number[];
  readonly finalWords: number[];
}

/**
 * Builds the words of a program: declare inputs, outputs and constants (each returns its index), open loops with
 * `flatLoop` / `lanesLoop`, append instructions to the loop opened last, then `finish()`.
 *
 * Only the form is checked here (ranks against strides); what the numbers mean is checked by the native decoder.
 *
 * @throws NablaError ERR_NABLA_INTERNAL if the form is wrong: the program is built by the compiler, never by a user.
 */
export class ProgramWriter {
  /** Elements of uniform scratch shared by all loops of one run. */
  sharedElements = 0;

  readonly #dtype: 'float32' | 'float64';
  readonly #inputs: [number, number][] = [];
  readonly #outputs: [number, number][] = [];
  readonly #constants: number[] = [];
  readonly #loops: LoopDraft[] = [];

  constructor(dtype: 'float32' | 'float64') {
    this.#dtype = dtype;
  }

  input(dtype: DType, length: number): number {
    return this.#inputs.push([ProgramDType[dtype], length]) - 1;
  }

  output(dtype: DType, length: number): number {
    return this.#outputs.push([ProgramDType[dtype], length]) - 1;
  }

  /** Index of a constant; equal ones (by Object.is) share an index. */
  constant(value: number): number {
    const known = this.#constants.findIndex((other) => Object.is(other, value));
    return known >= 0 ? known : this.#constants.push(value) - 1;
  }

  /** Reserves uniform scratch; returns its offset. */
  reserveShared(elements: number): number {
    const offset = this.sharedElements;
    this.sharedElements += elements;
    return offset;
  }

  flatLoop(): LoopHeader {
    return this.#open({ kind: 'flat', N: 1, B: 1, arenaElements: 0, accumulatorElements: 0 });
  }

  lanesLoop(header: { N: number; B: number; arenaElements?: number; accumulatorElements?: number }): LoopHeader {
    return this.#open({
      kind: 'lanes',
      N: header.N,
      B: header.B,
      arenaElements: header.arenaElements ?? 0,
      accumulatorElements: header.accumulatorElements ?? 0,
    });
  }

  /** out[...] = op(inputs[...]...) over dims; stride 0 broadcasts an input, never the output. */
  elementwise(op: Op, dims: readonly number[], out: Operand, inputs: readonly Operand[]): void {
    const count = arity(op);
    if (inputs.length !== count) throw internal(`${op} takes ${count} inputs, received ${inputs.length}`);
    const words: number[] = [Op[op], count, ...ranked(dims), ...operand(out, dims.length)];
    for (const one of inputs) words.push(...operand(one, dims.length));
    this.#emit('elementwise', words);
  }

  /** value = f(z) and slope = f'(z), rows of panels; value may be z exactly. Strides [sRow]. */
  activation(op: ActivationOp, rows: number, z: Operand, value: Operand, slope: Operand): void {
    this.#emit('activation', [ActivationOp[op], rows, ...operand(z, 1), ...operand(value, 1), ...operand(slope, 1)]);
  }

  /** out[j,c] = (accumulate ? out : 0) + scale[j,c] * ((c < biasColumns ? bias[j] : 0) + sum_k W[k,j] * x[k,c]) */
  dense(d: DenseWords): void {
    this.#emit('dense', [
      d.accumulate ? 1 : 0,
      d.J,
      d.K,
      d.C,
      d.biasColumns ?? d.C,
      ...operand(d.out, 2),
      ...operand(d.W, 2),
      ...operand(d.x, 2),
      ...operand(d.bias ?? none(1), 1),
      ...operand(d.scale ?? none(2), 2),
      ...operand(d.plain ?? none(2), 2),
    ]);
  }

  /**
   * s[j,c] = sum_k W[k,j] * x[k,c]; gram[i,c] (+)= sum_j s[j,i] * w[j] * s[j,c]; out[j,c] = scale[j] * s[j,c]. w is weight, or
   * factor * weight * weight2.
   */
  denseGram(d: DenseGramWords): void {
    this.#emit('denseGram', [
      d.accumulate ? 1 : 0,
      ...[d.J, d.K, d.C, d.factor ?? 1],
      ...operand(d.gram, 2),
      ...operand(d.W, 2),
      ...operand(d.x, 2),
      ...operand(d.weight, 1),
      ...operand(d.weight2 ?? none(1), 1),
      ...operand(d.scale ?? none(1), 1),
      ...operand(d.out ?? none(2), 2),
    ]);
  }

  /** out[r,i,j] (+)= sum_k a[r,i,k] * w[r,k] * b[r,j,k]; dims r with out stride 0 are summed too. */
  contract(c: ContractWords): void {
    const rank = c.dims.length;
    this.#emit('contract', [
      c.accumulate ? 1 : 0,
      c.symmetric ? 1 : 0,
      ...ranked(c.dims),
      c.I,
      c.J,
      c.K,
      ...operand(c.out, rank + 2),
      ...operand(c.a, rank + 2),
      ...operand(c.b, rank + 2),
      ...operand(c.w ?? none(rank + 1), rank + 1),
    ]);
  }

  /** out = sum of in over the dims where out's stride is 0, in a fixed order. */
  reduceSum(dims: readonly number[], out: Operand, source: Operand): void {
    this.#emit('reduceSum', [...ranked(dims), ...operand(out, dims.length), ...operand(source, dims.length)]);
  }

  /** Sample s reads source at offset + s * laneStride (converted to the program's dtype). */
  gather(dims: readonly number[], out: Operand, source: Operand, laneStride: number): void {
    const rank = dims.length;
    this.#emit('gather', [...ranked(dims), ...operand(out, rank), ...operand(source, rank), laneStride]);
  }

  /** Sample s writes destination at offset + s * laneStride (converted to the destination's dtype). */
  scatter(dims: readonly number[], source: Operand, destination: Operand, laneStride: number): void {
    const rank = dims.length;
    this.#emit('scatter', [...ranked(dims), ...operand(source, rank), ...operand(destination, rank), laneStride]);
  }

  /** accumulator[offset + strides] += sum of source over the block's samples (and over dims with stride 0). */
  laneSum(dims: readonly number[], accumulator: { offset: number; strides: readonly number[] }, source: Operand): void {
    this.#emit('laneSum', [
      ...ranked(dims),
      accumulator.offset,
      ...checked(accumulator.strides, dims.length),
      ...operand(source, dims.length),
    ]);
  }

  /**
   * accumulator[r,i,j] += sum over the block's samples, over pairs (and over dims with stride 0) of a[r,i] * b[r,j]. More than
   * one pair have no dims.
   */
  outerSum(
    dims: readonly number[],
    I: number,
    J: number,
    accumulator: { offset: number; strides: readonly number[] },
    ...pairs: readonly OuterPair[]
  ): void {
    const rank = dims.length;
    this.#emit('outerSum', [
      ...ranked(dims),
      I,
      J,
      accumulator.offset,
      ...checked(accumulator.strides, rank + 2),
      pairs.length,
      ...pairs.flatMap(({ a, b }) => [...operand(a, rank + 1), ...operand(b, rank + 1)]),
    ]);
  }

  /** After the loop: destination[0..length) = beta * destination + accumulator[offset..]. */
  final(accumulatorOffset: number, length: number, destination: Base, beta = 0): void {
    const loop = this.#current();
    loop.finals++;
    loop.finalWords.push(accumulatorOffset, length, ...base(destination), beta);
  }

  finish(): Float64Array {
    const dtype = ProgramDType[this.#dtype];
    const counts = [this.#inputs.length, this.#outputs.length, this.#constants.length, this.sharedElements];
    const words: number[] = [PROGRAM_MAGIC, PROGRAM_VERSION, dtype, ...counts, this.#loops.length];
    for (const spec of this.#inputs) words.push(...spec);
    for (const spec of this.#outputs) words.push(...spec);
    for (const value of this.#constants) words.push(value);
    for (const loop of this.#loops) {
      words.push(LoopKind[loop.kind], loop.N, loop.B, loop.arenaElements, loop.accumulatorElements);
      words.push(loop.instructions, loop.finals);
      for (const word of loop.words) words.push(word);
      for (const word of loop.finalWords) words.push(word);
    }
    return Float64Array.from(words);
  }

  #open(header: LoopHeader): LoopHeader {
    const loop: LoopDraft = { ...header, instructions: 0, finals: 0, words: [], finalWords: [] };
    this.#loops.push(loop);
    return loop;
  }

  #current(): LoopDraft {
    const loop = this.#loops.at(-1);
    if (loop === undefined) throw internal('an instruction stands before the first loop');
    return loop;
  }

  #emit(opcode: keyof typeof Opcode, words: readonly number[]): void {
    const loop = this.#current();
    loop.instructions++;
    loop.words.push(Opcode[opcode], words.length + 2);
    for (const word of words) loop.words.push(word);
  }
}

const internal = (message: string) => new NablaError('ERR_NABLA_INTERNAL', `program writer: ${message}`);

const none = (rank: number): Operand => ({ base: NONE, strides: new globalThis.Array<number>(rank).fill(0) });

function ranked(dims: readonly number[]): number[] {
  if (dims.length > MAX_RANK) throw internal(`rank ${dims.length} exceeds ${MAX_RANK}`);
  return [dims.length, ...dims];
}

function checked(strides: readonly number[], expected: number): readonly number[] {
  if (strides.length !== expected) throw internal(`expected ${expected} strides, received ${strides.length}`);
  return strides;
}

const base = (b: Base): number[] => [Space[b.space], b.index, b.offset];

const operand = (o: Operand, rank: number): number[] => [...base(o.base), ...checked(o.strides, rank)];
