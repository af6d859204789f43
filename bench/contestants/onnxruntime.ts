// onnxruntime-node as a contestant: a hand-built graph of the contracted Hessian, in chunks, by the runtime's own threads or by
// one worker per thread with a session of its own.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Case, resultLengths } from '../cases.js';
import { chunksOf, requirePeer, versionOf } from './npm.js';
import { buildModel } from './onnx/model.js';
import { type Chunks, chunkRunner } from './onnx/session.js';
import { type Data, type Floats, type Library, type Prepared, serve } from './serve.js';

const threads = Number(process.env.NABLA_BENCH_THREADS ?? 1);
const known = new Set(['value', 'gradient', 'hessian']);

function recipes({ quantity, N }: Case): string[] {
  if (!known.has(quantity)) return [];
  const grams = quantity === 'hessian' ? ['pairs', 'batched'] : ['pairs'];
  const lengths = [...(N <= 65_536 ? [N] : []), ...chunksOf(N)];
  return grams.flatMap((gram) =>
    lengths.flatMap((B) => [
      `${gram}, chunks of ${B}`,
      ...(threads > 1 && B < N ? [`${gram}, chunks of ${B}, ${threads} workers`] : []),
    ]),
  );
}

function shared(dtype: Case['dtype'], length: number): Floats {
  return dtype === 'float32'
    ? new Float32Array(new SharedArrayBuffer(4 * length))
    : new Float64Array(new SharedArrayBuffer(8 * length));
}

async function prepare(recipe: string, c: Case, { params, x }: Data): Promise<Prepared> {
  const [, gram, length, workers] = /^(\w+), chunks of (\d+)(?:, (\d+) workers)?$/.exec(recipe) ?? [];
  const B = Number(length);
  const common: Omit<Chunks, 'first' | 'step' | 'threads'> = {
    model: buildModel(c, params, B, gram as 'pairs' | 'batched'),
    dtype: c.dtype,
    d: c.d,
    B,
    x: shared(c.dtype, x.length),
    out: resultLengths(c).perSample.map((n) => shared(c.dtype, n * c.N)),
  };
  common.x.set(x);
  const arrays = () => [...common.out];
  if (workers === undefined) {
    const run = await chunkRunner({ ...common, first: 0, step: 1, threads });
    return { run, arrays };
  }
  const pool = Array.from({ length: Number(workers) }, (_, first) => {
    const workerData = { ...common, first, step: Number(workers), threads: 1 };
    return new Worker(new URL('onnx/worker.js', import.meta.url), { workerData });
  });
  await Promise.all(pool.map((worker) => once(worker, 'message')));
  const run = () =>
    Promise.all(
      pool.map((worker) => {
        const done = once(worker, 'message');
        worker.postMessage('run');
        return done;
      }),
    );
  return { run, arrays, dispose: () => pool.forEach((worker) => void worker.terminate()) };
}

async function load(): Promise<Library> {
  requirePeer('onnxruntime-node');
  requirePeer('onnx-proto');
  return { versions: { 'onnxruntime-node': versionOf('onnxruntime-node'), node: process.version }, recipes, prepare };
}

serve(load);
