import {
  constant,
  type Operand,
  output,
  ProgramWriter,
  panel,
  input as readInput,
} from '../../lib/compile/program-writer.js';

const lanes = { float32: 16, float64: 8 };

/** One loop over N samples of one number each: y = f(f(...f(x))), f = tanh, `steps` times, times `factor`. */
export function repeatedTanh(
  N: number,
  steps: number,
  dtype: 'float32' | 'float64' = 'float32',
  factor = 1,
): Float64Array {
  const writer = new ProgramWriter(dtype);
  const x = writer.input(dtype, N);
  const y = writer.output(dtype, N);
  const scale = writer.constant(factor);
  const B = 64 * lanes[dtype];
  writer.lanesLoop({ N, B, arenaElements: B });
  const value: Operand = { base: panel(0), strides: [] };
  writer.gather([], value, { base: readInput(x), strides: [] }, 1);
  for (let i = 0; i < steps; i++) writer.elementwise('tanh', [], value, [value]);
  writer.elementwise('mul', [], value, [value, { base: constant(scale), strides: [] }]);
  writer.scatter([], value, { base: output(y), strides: [] }, 1);
  return writer.finish();
}

/** y = factor * x: the cheapest program with an input and an output. */
export const scaling = (N: number, factor: number, dtype: 'float32' | 'float64' = 'float32'): Float64Array =>
  repeatedTanh(N, 0, dtype, factor);

/** Takes seconds on any machine: enough to be interrupted in the middle. */
export const seconds = { N: 4_000_000, steps: 2_000 };
