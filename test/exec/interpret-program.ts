import type { ActivationOp, Op } from '../../lib/compile/opcodes.js';
import {
  type InstructionView,
  type LoopView,
  type ProgramView,
  readProgram,
} from '../../lib/compile/program-reader.js';
import type { Operand } from '../../lib/compile/program-writer.js';
import { erf, erfc } from '../../lib/graph/math.js';
import type { DataArray } from '../../lib/runtime/program.js';

const bool = (value: boolean) => (value ? 1 : 0);
const orNaN = (a: number, b: number, value: number) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : value);

const functions: Record<Op, (a: number, b: number, c: number) => number> = {
  copy: (a) => a,
  neg: (a) => -a,
  abs: Math.abs,
  sign: Math.sign,
  square: (a) => a * a,
  sqrt: Math.sqrt,
  reciprocal: (a) => 1 / a,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  erf,
  erfc,
  relu: (a) => Math.max(a, 0),
  step: (a) => bool(a > 0),
  not: (a) => bool(a === 0),
  roundToFloat32: Math.fround,
  floor: Math.floor,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => orNaN(a, b, Math.max(a, b)),
  minimum: (a, b) => orNaN(a, b, Math.min(a, b)),
  pow: (a, b) => a ** b,
  less: (a, b) => bool(a < b),
  lessEqual: (a, b) => bool(a <= b),
  greater: (a, b) => bool(a > b),
  greaterEqual: (a, b) => bool(a >= b),
  equal: (a, b) => bool(a === b),
  notEqual: (a, b) => bool(a !== b),
  and: (a, b) => bool(a !== 0 && b !== 0),
  or: (a, b) => bool(a !== 0 || b !== 0),
  atan2: Math.atan2,
  select: (c, a, b) => (c !== 0 ? a : b),
  fma: (a, b, c) => a * b + c,
  fnma: (a, b, c) => c - a * b,
  fms: (a, b, c) => a * b - c,
  mulMul: (a, b, c) => a * b * c,
};

/** Derivatives of the functions of ACTIVATION. */
const slopes: Record<ActivationOp, (z: number) => number> = {
  tanh: (z) => 1 - Math.tanh(z) ** 2,
  sin: Math.cos,
  sigmoid: (z) => functions.sigmoid(z, 0, 0) * functions.sigmoid(-z, 0, 0),
  softplus: (z) => functions.sigmoid(z, 0, 0),
};

/** All index vectors of the dims, in row-major order. */
function* points(dims: readonly number[]): Generator<number[]> {
  if (dims.some((size) => size === 0)) return;
  const index = dims.map(() => 0);
  for (;;) {
    yield index;
    let d = dims.length - 1;
    while (d >= 0 && ++index[d]! === dims[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

const dot = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((sum, i, d) => sum + i * strides[d]!, 0);

/**
 * Runs a program with plain loops, one sample and one element at a time: the oracle of the native executor. Values are rounded
 * to the program's dtype when they are stored; sums are taken in double precision, so only tolerances can be compared.
 */
export function interpretProgram(words: Float64Array, inputs: readonly DataArray[]): DataArray[] {
  const program = readProgram(words);
  const classes = {
    float32: Float32Array,
    float64: Float64Array,
    int32: Int32Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  };
  const outputs = program.outputs.map((spec) => new classes[spec.dtype](spec.length));
  const shared = new classes[program.dtype](program.sharedElements);
  for (const loop of program.loops) new LoopRun(program, loop, inputs, outputs, shared, classes[program.dtype]).run();
  return outputs;
}

class LoopRun {
  readonly #arena: DataArray;
  readonly #accumulators: Float64Array;
  #first = 0;

  constructor(
    readonly program: ProgramView,
    readonly loop: LoopView,
    readonly inputs: readonly DataArray[],
    readonly outputs: readonly DataArray[],
    readonly shared: DataArray,
    Numbers: new (length: number) => DataArray,
  ) {
    this.#arena = new Numbers(loop.arenaElements);
    this.#accumulators = new Float64Array(loop.accumulatorElements);
  }

  run(): void {
    const { N, B, instructions, finals } = this.loop;
    for (this.#first = 0; this.#first < N; this.#first += B) {
      const lanes = Math.min(B, N - this.#first);
      for (const instruction of instructions) this.#instruction(instruction, lanes);
    }
    for (const { accumulatorOffset, length, destination, beta } of finals) {
      const target = this.#memory(destination);
      for (let i = 0; i < length; i++) {
        const at = destination.base.offset + i;
        const before = beta === 0 ? 0 : beta * target[at]!;
        target[at] = before + this.#accumulators[accumulatorOffset + i]!;
      }
    }
  }

  #memory(operand: Operand): DataArray {
    const { space, index } = operand.base;
    if (space === 'panel') return this.#arena;
    if (space === 'shared') return this.shared;
    if (space === 'input') return this.inputs[index]!;
    if (space === 'output') return this.outputs[index]!;
    throw new Error(`${space} is no memory`);
  }

  #read(operand: Operand, index: readonly number[], lane: number): number {
    if (operand.base.space === 'constant') return this.program.constants[operand.base.index]!;
    const step = operand.base.space === 'panel' ? lane : 0;
    return this.#memory(operand)[operand.base.offset + dot(index, operand.strides) + step]!;
  }

  #write(operand: Operand, index: readonly number[], lane: number, value: number): void {
    const step = operand.base.space === 'panel' ? lane : 0;
    this.#memory(operand)[operand.base.offset + dot(index, operand.strides) + step] = value;
  }

  #instruction(i: InstructionView, lanes: number): void {
    for (let lane = 0; lane < lanes; lane++) {
      const sample = this.#first + lane;
      const absent = (operand: Operand) => operand.base.space === 'none';
      switch (i.opcode) {
        case 'elementwise':
          for (const at of points(i.dims)) {
            const [a, b, c] = i.inputs.map((one) => this.#read(one, at, lane)) as [number, number, number];
            this.#write(i.out, at, lane, functions[i.op](a, b, c));
          }
          break;
        case 'activation':
          for (const at of points([i.rows])) {
            const z = this.#read(i.z, at, lane);
            const slope = slopes[i.op](z);
            this.#write(i.value, at, lane, functions[i.op](z, 0, 0));
            this.#write(i.slope, at, lane, slope);
          }
          break;
        case 'dense':
          for (const [j, c] of points([i.J, i.C]) as Iterable<[number, number]>) {
            let sum = absent(i.bias) || c >= i.biasColumns ? 0 : this.#read(i.bias, [j], lane);
            for (let k = 0; k < i.K; k++) sum += this.#read(i.W, [k, j], lane) * this.#read(i.x, [k, c], lane);
            if (!absent(i.plain)) this.#write(i.plain, [j, c], lane, sum);
            if (!absent(i.scale)) sum *= this.#read(i.scale, [j, c], lane);
            this.#write(i.out, [j, c], lane, (i.accumulate ? this.#read(i.out, [j, c], lane) : 0) + sum);
          }
          break;
        case 'denseGram': {
          const product = (j: number, c: number) => {
            let sum = 0;
            for (let k = 0; k < i.K; k++) sum += this.#read(i.W, [k, j], lane) * this.#read(i.x, [k, c], lane);
            return sum;
          };
          const s = Array.from({ length: i.J }, (_, j) => Array.from({ length: i.C }, (_, c) => product(j, c)));
          const weights = s.map((_, j) => {
            const first = this.#read(i.weight, [j], lane);
            return absent(i.weight2) ? first : i.factor * first * this.#read(i.weight2, [j], lane);
          });
          const scales = s.map((_, j) => (absent(i.scale) ? 1 : this.#read(i.scale, [j], lane)));
          for (const [p, q] of points([i.C, i.C]) as Iterable<[number, number]>) {
            const sum = s.reduce((total, row, j) => total + row[p]! * weights[j]! * row[q]!, 0);
            this.#write(i.gram, [p, q], lane, (i.accumulate ? this.#read(i.gram, [p, q], lane) : 0) + sum);
          }
          if (absent(i.out)) break;
          for (const [j, c] of points([i.J, i.C]) as Iterable<[number, number]>) {
            this.#write(i.out, [j, c], lane, scales[j]! * s[j]![c]!);
          }
          break;
        }
        case 'contract': {
          const rank = i.dims.length;
          const keptDims = i.dims.map((size, d) => (i.out.strides[d] === 0 ? 1 : size));
          const summedDims = i.dims.map((size, d) => (i.out.strides[d] === 0 ? size : 1));
          for (const kept of points([...keptDims, i.I, i.J])) {
            let sum = 0;
            for (const summed of points([...summedDims, i.K])) {
              const r = kept.slice(0, rank).map((value, d) => value + summed[d]!);
              const [row, column, k] = [kept[rank]!, kept[rank + 1]!, summed[rank]!];
              const w = absent(i.w) ? 1 : this.#read(i.w, [...r, k], lane);
              sum += this.#read(i.a, [...r, row, k], lane) * w * this.#read(i.b, [...r, column, k], lane);
            }
            this.#write(i.out, kept, lane, (i.accumulate ? this.#read(i.out, kept, lane) : 0) + sum);
          }
          break;
        }
        case 'reduceSum': {
          const keptDims = i.dims.map((size, d) => (i.out.strides[d] === 0 ? 1 : size));
          const summedDims = i.dims.map((size, d) => (i.out.strides[d] === 0 ? size : 1));
          for (const kept of points(keptDims)) {
            let sum = 0;
            for (const summed of points(summedDims)) {
              sum += this.#read(
                i.source,
                kept.map((value, d) => value + summed[d]!),
                lane,
              );
            }
            this.#write(i.out, kept, lane, sum);
          }
          break;
        }
        case 'gather': {
          const source = this.#memory(i.source);
          const isBool = i.source.base.space === 'input' && source instanceof Uint8Array;
          for (const at of points(i.dims)) {
            const value = source[i.source.base.offset + dot(at, i.source.strides) + sample * i.laneStride]!;
            this.#write(i.out, at, lane, isBool ? bool(value !== 0) : value);
          }
          break;
        }
        case 'scatter': {
          const target = this.#memory(i.destination);
          for (const at of points(i.dims)) {
            const value = this.#read(i.source, at, lane);
            const place = i.destination.base.offset + dot(at, i.destination.strides) + sample * i.laneStride;
            target[place] = target instanceof Uint8Array ? bool(value !== 0) : value;
          }
          break;
        }
        case 'laneSum':
          for (const at of points(i.dims)) {
            this.#accumulators[i.accumulator.offset + dot(at, i.accumulator.strides)]! += this.#read(
              i.source,
              at,
              lane,
            );
          }
          break;
        case 'outerSum':
          for (const at of points([...i.dims, i.I, i.J])) {
            const r = at.slice(0, i.dims.length);
            const [row, column] = at.slice(-2) as [number, number];
            for (const { a, b } of i.pairs) {
              this.#accumulators[i.accumulator.offset + dot(at, i.accumulator.strides)]! +=
                this.#read(a, [...r, row], lane) * this.#read(b, [...r, column], lane);
            }
          }
          break;
      }
    }
  }
}
