// The contestant's side of bench/protocol.ts, for those written in JavaScript.
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Case } from '../cases.js';
import type { Problem, Request } from '../protocol.js';
import { readFloats } from './numbers.js';
import { median, timeCalls, timeCallsAndPeak } from './timing.js';

export type Floats = Float32Array | Float64Array;

/** One way to compute a case, ready to be called. */
export interface Prepared {
  /** Computes the whole batch and leaves the result where its user would find it. */
  run(): unknown | Promise<unknown>;
  /** The arrays of a result, the samples first. */
  arrays(result: unknown): Floats[] | Promise<Floats[]>;
  dispose?(): void;
  /** A burst of the yardstick on the threads the case names: operations per second. */
  burst?(): number;
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
}

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
        const { seconds } = await timeCalls(() => p.run(), 0.1);
        return { firstSeconds, seconds: Math.min(...seconds) };
      }
      case 'time': {
        const p = prepared.get(request.recipe);
        if (!p) throw new Error(`${request.recipe} was not prepared`);
        const { seconds, ...rest } = await (p.burst
          ? timeCallsAndPeak(() => p.run(), request.seconds, p.burst)
          : timeCalls(() => p.run(), request.seconds));
        return { seconds: median(seconds), ...rest };
      }
      case 'drop':
        drop();
        return {};
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
