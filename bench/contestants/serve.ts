// The contestant's side of bench/protocol.ts, for those written in JavaScript.
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Case, Float } from '../cases.js';
import type { Problem, Request } from '../protocol.js';
import { quantile } from '../statistics.js';
import { readFloats } from './numbers.js';

export type Floats = Float32Array | Float64Array;

/** One way to compute a case, ready to be called. */
export interface Prepared {
  /** Computes the whole batch and leaves the result where its user would find it. */
  run(): unknown | Promise<unknown>;
  /** The arrays of a result, the samples first. */
  arrays(result: unknown): Floats[] | Promise<Floats[]>;
  dispose?(): void;
}

export interface Data {
  params: Floats;
  x: Floats;
  v: Floats;
}

export interface Library {
  versions: Record<string, string>;
  recipes(c: Case): string[];
  prepare(recipe: string, c: Case, data: Data): Prepared | Promise<Prepared>;
  peak?(dtype: Float, isa: string | null): { flops: number; isa: string };
}

/** Calls of well below a millisecond are timed in groups of about that. */
const groupSeconds = 1e-3;

async function group(f: () => unknown, calls: number): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < calls; i++) {
    const result = f();
    // Awaiting what is no promise costs a turn of the queue, more than a small call.
    if (result instanceof Promise) await result;
  }
  return (performance.now() - begin) / 1000;
}

/** Seconds of each call, from groups of calls that together last about `seconds`; a call that alone lasts as long is made once. */
async function measure(f: () => unknown, seconds: number): Promise<{ seconds: number[]; calls: number }> {
  let calls = 1;
  let took = await group(f, calls);
  while (took < groupSeconds / 2) {
    calls *= 2;
    took = await group(f, calls);
  }
  const times = [took / calls];
  for (let total = took; total < seconds; total += took) {
    took = await group(f, calls);
    times.push(took / calls);
  }
  return { seconds: times, calls: times.length * calls };
}

const sorted = (times: number[]): number[] => times.sort((a, b) => a - b);

function writeResult(arrays: Floats[], { N, rows, resultFile, quantity }: Problem): void {
  const first = arrays.map((a) => (quantity === 'step' ? a : a.subarray(0, (a.length / N) * rows)));
  writeFileSync(resultFile, Buffer.concat(first.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength))));
}

/** Answers requests until standard input ends. A failure to load is the answer to the first. */
export function serve(load: () => Promise<Library>): void {
  const prepared = new Map<string, Prepared>();
  let library: Library | undefined;
  const drop = () => {
    for (const p of prepared.values()) p.dispose?.();
    prepared.clear();
  };

  async function answer(request: Request): Promise<object> {
    library ??= await load();
    switch (request.op) {
      case 'hello':
        return { versions: library.versions };
      case 'recipes':
        return { recipes: library.recipes(request.case) };
      case 'prepare': {
        const { problem, recipe } = request;
        const data = {
          params: readFloats(problem.paramsFile, problem.dtype),
          x: readFloats(problem.xFile, problem.dtype),
          v: problem.quantity === 'hvp' ? readFloats(problem.vFile, problem.dtype) : new Float32Array(0),
        };
        const begin = performance.now();
        const p = await library.prepare(recipe, problem, data);
        const result = await p.run();
        const firstSeconds = (performance.now() - begin) / 1000;
        writeResult(await p.arrays(result), problem);
        prepared.set(recipe, p);
        const { seconds } = await measure(() => p.run(), 0.1);
        return { firstSeconds, seconds: Math.min(...seconds) };
      }
      case 'time': {
        const p = prepared.get(request.recipe);
        if (!p) throw new Error(`${request.recipe} was not prepared`);
        const { seconds, calls } = await measure(() => p.run(), request.seconds);
        return { seconds: quantile(sorted(seconds), 0.5), calls };
      }
      case 'drop':
        drop();
        return {};
      case 'peak':
        if (!library.peak) throw new Error('no measure of the peak');
        return library.peak(request.dtype as Float, request.isa);
      default:
        return request satisfies never;
    }
  }

  let queue = Promise.resolve();
  createInterface({ input: process.stdin }).on('line', (line) => {
    queue = queue.then(async () => {
      let reply: object;
      try {
        reply = { ok: true, ...(await answer(JSON.parse(line) as Request)) };
      } catch (error) {
        reply = { ok: false, error: error instanceof Error ? error.message : String(error) };
      }
      process.stdout.write(`${JSON.stringify(reply)}\n`);
    });
  });
  process.stdin.on('end', () => queue.then(() => process.exit(0)));
}
