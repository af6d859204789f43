import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readProgram } from '../../lib/compile/program-reader.js';
import type { DataArray } from '../../lib/runtime/program.js';

interface Limits {
  scratchBytes: number;
  nanoseconds: number;
}

interface TestingAddon {
  isas(): string[];
  runProgram(
    words: Float64Array,
    inputs: readonly DataArray[],
    outputs: readonly DataArray[],
    isa: string,
    threads: number,
    limits: Limits,
  ): boolean;
}

const folder = process.env.NABLA_BUILD || fileURLToPath(new URL('../../build/Release', import.meta.url));
const addon = createRequire(import.meta.url)(resolve(folder, 'nabla_testing.node')) as TestingAddon;

/** Instruction sets of this machine, best first. */
export const isas = addon.isas();

export const classes = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
};

/** Runs a program on the native executor. Outputs start as 0xAA bytes, so that what is not written shows. */
export function runOn(
  isa: string,
  threads: number,
  words: Float64Array,
  inputs: readonly DataArray[],
  limits: Limits = { scratchBytes: 2 ** 28, nanoseconds: 1e10 },
): DataArray[] | undefined {
  const outputs = readProgram(words).outputs.map((spec) => {
    const array = new classes[spec.dtype](spec.length);
    new Uint8Array(array.buffer).fill(0xaa);
    return array;
  });
  return addon.runProgram(words, inputs, outputs, isa, threads, limits) ? outputs : undefined;
}

export const runProgramRaw = addon.runProgram;
