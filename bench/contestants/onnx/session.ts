// One onnxruntime session over chunks of a batch, in the main thread or in a worker.
import { requirePeer } from '../npm.js';
import type { Floats } from '../serve.js';

interface Tensor {
  readonly data: Floats;
}
interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
}
interface Runtime {
  Tensor: new (dtype: string, data: Floats, dims: readonly number[]) => Tensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

export interface Chunks {
  readonly model: Uint8Array;
  readonly dtype: 'float32' | 'float64';
  readonly d: number;
  /** Samples in a chunk; the model's B. */
  readonly B: number;
  /** [N, d] */
  readonly x: Floats;
  /** Results, one array per output, samples first. */
  readonly out: readonly Floats[];
  /** Chunks first, first + step, … */
  readonly first: number;
  readonly step: number;
  readonly threads: number;
}

/** A function that computes its share of the chunks. */
export async function chunkRunner(chunks: Chunks): Promise<() => Promise<void>> {
  const { model, dtype, d, B, out, first, step, threads } = chunks;
  // onnxruntime-node takes no views of shared memory.
  const x = chunks.x.slice();
  const ort = requirePeer('onnxruntime-node') as Runtime;
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
  });
  const N = x.length / d;
  const count = Math.ceil(N / B);
  return async () => {
    for (let k = first; k < count; k += step) {
      // The model's B is fixed: the last chunk overlaps the one before it.
      const at = Math.min(k * B, N - B);
      const part = x.subarray(at * d, (at + B) * d);
      const found = await session.run({ x: new ort.Tensor(dtype, part, [B, d]) });
      for (const [i, name] of session.outputNames.entries()) {
        const { data } = found[name]!;
        out[i]!.set(data, (at * data.length) / B);
      }
    }
  };
}
