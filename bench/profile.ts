// node dist/bench/profile.js [PATTERN]: where the time of nabla's own programs goes, instruction by instruction, for the cases of
// the selections default, step and goals whose name matches. One block of samples, which is in cache, on one thread; the least
// time of many passes.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { info, numpy as np } from 'nabla';
import { disassemble } from '../lib/compile/disassemble.js';
import { type InstructionView, readProgram } from '../lib/compile/program-reader.js';
import { type Case, caseName } from './cases.js';
import { readFloats } from './contestants/numbers.js';
import { DataFolder } from './data.js';
import { functionOf, paramsTree } from './programs.js';
import { selections } from './selections.js';

type Arrays = readonly (Float32Array | Float64Array)[];

interface Boundary {
  createProgram(words: Float64Array): object;
  runArguments(program: object, threads: number, ...arrays: Arrays): void;
}
interface TestingAddon {
  profileProgram(
    words: Float64Array,
    inputs: Arrays,
    outputs: Arrays,
    isa: string,
    loop: number,
    seconds: number,
  ): Float64Array;
}

const folder = process.env.NABLA_BUILD || fileURLToPath(new URL('../../build/Release', import.meta.url));
const load = <T>(name: string): T => createRequire(import.meta.url)(resolve(folder, name)) as T;

/** What crosses the boundary when a case runs: its program and arrays. */
function capture(c: Case): { words: Float64Array; inputs: Arrays; outputs: Arrays } {
  const native = load<Boundary>('nabla.node');
  const { createProgram, runArguments } = native;
  let words = new Float64Array();
  let arrays: Arrays = [];
  native.createProgram = (w) => {
    words = w.slice();
    return createProgram(w);
  };
  native.runArguments = (program, threads, ...given) => {
    arrays = given;
    runArguments(program, threads, ...given);
  };
  const data = new DataFolder();
  try {
    const problem = data.problem(c);
    const x = np.reshape(np.array(readFloats(problem.xFile, c.dtype)), [c.N, c.d]);
    functionOf(c)({ params: paramsTree(c, readFloats(problem.paramsFile, c.dtype)), x, v: x });
    const inputs = readProgram(words).inputs.length;
    return { words, inputs: arrays.slice(0, inputs), outputs: arrays.slice(inputs) };
  } finally {
    Object.assign(native, { createProgram, runArguments });
    data.remove();
  }
}

/** Floating-point operations of the products of matrices, per sample. */
function operations(i: InstructionView): number {
  const all = (dims: readonly number[]) => dims.reduce((n, d) => n * d, 1);
  switch (i.opcode) {
    case 'dense':
      return 2 * i.J * i.K * i.C;
    case 'denseGram':
      return 2 * i.J * i.K * i.C + i.J * i.C * (i.C + 1);
    case 'contract':
      return 2 * all(i.dims) * i.K * (i.symmetric ? (i.I * (i.I + 1)) / 2 : i.I * i.J);
    case 'outerSum':
      return 2 * all(i.dims) * i.I * i.J * i.pairs.length;
    default:
      return 0;
  }
}

function profile(c: Case): void {
  const { words, inputs, outputs } = capture(c);
  const { profileProgram } = load<TestingAddon>('nabla_testing.node');
  const text = disassemble(words).split('\n');
  const { loops } = readProgram(words);
  console.log(caseName(c));
  loops.forEach((loop, l) => {
    if (loop.kind !== 'lanes') return;
    const times = profileProgram(words, inputs, outputs, info().isa, l, 1);
    const perOperation = times.at(-1)!;
    const samples = Math.min(loop.B, loop.N);
    const total = times.slice(0, -1).reduce((a, b) => a + b, 0);
    const share = (flops: number, time: number) =>
      `${((100 * flops * samples * perOperation) / time).toFixed(0)} %`.padStart(6);
    const head = text.indexOf(text.find((line) => line.startsWith(`loop ${l}:`))!);
    console.log(`  ${text[head]!}`);
    console.log('        ns   of loop  of peak');
    loop.instructions.forEach((i, n) => {
      const flops = operations(i);
      console.log(
        `${times[n]!.toFixed(0).padStart(10)} ${((100 * times[n]!) / total).toFixed(1).padStart(7)} % ${flops > 0 ? share(flops, times[n]!) : '      '}  ${text[head + 1 + n]!}`,
      );
    });
    const by = new Map<string, [number, number]>();
    loop.instructions.forEach((i, n) => {
      const [time, flops] = by.get(i.opcode) ?? [0, 0];
      by.set(i.opcode, [time + times[n]!, flops + operations(i)]);
    });
    for (const [opcode, [time, flops]] of [...by].sort((a, b) => b[1][0] - a[1][0])) {
      console.log(
        `${opcode.padStart(14)} ${((100 * time) / total).toFixed(1).padStart(5)} % of the loop${flops > 0 ? `, at ${share(flops, time)} of peak` : ''}`,
      );
    }
    const all = loop.instructions.reduce((sum, i) => sum + operations(i), 0);
    console.log(
      `  all: ${(total / samples).toFixed(1)} ns a sample, ${share(all, total)} of ${(1 / perOperation).toFixed(0)} GFLOP/s, one thread\n`,
    );
  });
}

const pattern = new RegExp(process.argv[2] ?? 'hessian 3-20x5-1 N=65536 float32 1 thread$');
const cases = [
  ...new Map(
    ['default', 'step', 'goals'].flatMap((name) => selections[name]!(1)).map((c) => [caseName(c), c]),
  ).values(),
];
for (const c of cases) if (pattern.test(caseName(c))) profile(c);
