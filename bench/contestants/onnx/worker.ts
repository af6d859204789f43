// A thread with its own session: onnxruntime-node computes in the thread that calls it.
import { parentPort, workerData } from 'node:worker_threads';
import { type Chunks, chunkRunner } from './session.js';

const run = await chunkRunner(workerData as Chunks);
parentPort!.on('message', async () => {
  await run();
  parentPort!.postMessage('done');
});
parentPort!.postMessage('ready');
