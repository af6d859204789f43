import { readFileSync } from 'node:fs';
import type { Case, Float } from '../cases.js';
import type { Floats } from './serve.js';

export function readFloats(file: string, dtype: Float): Floats {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return dtype === 'float32' ? new Float32Array(bytes) : new Float64Array(bytes);
}

export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** [outputs] */
  readonly bias: Floats;
  /** [inputs, outputs] */
  readonly kernel: Floats;
}

/** The layers of a network from its parameters in Flax's order. */
export function layersOf({ features, d }: Case, params: Floats): Layer[] {
  let at = 0;
  const take = (n: number): Floats => {
    at += n;
    return params.subarray(at - n, at);
  };
  return features.map((outputs, l) => {
    const inputs = features[l - 1] ?? d;
    return { inputs, outputs, bias: take(outputs), kernel: take(inputs * outputs) };
  });
}
