// What a process that runs for months asks of the public functions.

import { execFileSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { lookup } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { evaluate, grad, hessian, jit, NablaError, numpy as np, vmap } from 'nabla';
import { describe, expect, it } from 'vitest';
import { runProgramAsync } from '../../lib/runtime/async.js';
import { counters, createProgram } from '../../lib/runtime/program.js';
import { pause, rejection } from '../support/promises.js';
import { thrown } from '../support/thrown.js';
import { addon, instrumented, stretch } from './machine.js';
import { repeatedTanh, scaling, seconds } from './programs.js';

const long = () => createProgram(repeatedTanh(seconds.N, seconds.steps));
const x = new Float32Array(seconds.N);

describe('runs in the background', { retry: 2 }, () => {
  it("take none of libuv's threads: files, names and hashes are served meanwhile", async () => {
    const abort = new AbortController();
    const program = long();
    // Twice as many as libuv has.
    const running = Array.from({ length: 8 }, () => rejection(runProgramAsync(program, [x], { signal: abort.signal })));
    let ended = false;
    for (const one of running) void one.then(() => (ended = true));
    await Promise.all([
      readFile(import.meta.filename),
      promisify(lookup)('localhost'),
      ...Array.from({ length: 4 }, () => promisify(pbkdf2)('a', 'b', 1, 8, 'sha256')),
    ]);
    expect(ended).toBe(false);
    abort.abort();
    for (const one of running) expect((await one).code).toBe('ERR_NABLA_ABORTED');
  });

  it('end within 5 ms of an abort', async () => {
    const program = long();
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const abort = new AbortController();
      const promise = rejection(runProgramAsync(program, [x], { signal: abort.signal }));
      await pause(10 + i);
      const begin = performance.now();
      abort.abort();
      await promise;
      times.push(performance.now() - begin);
    }
    // Half of them: other processes may hold the processor now and then, waiting for the end of a long piece of work would not end.
    expect(times.sort((a, b) => a - b)[7]).toBeLessThan(5 * stretch);
  });

  it('are reported to the diagnostics channel nabla:run', async () => {
    const events: unknown[] = [];
    const listen = (event: unknown): void => void events.push(event);
    subscribe('nabla:run', listen);
    try {
      await runProgramAsync(createProgram(scaling(5, 2)), [new Float32Array(5)], { threads: 1 });
      await rejection(runProgramAsync(createProgram(scaling(5, 2)), [new Float32Array(4)]));
    } finally {
      unsubscribe('nabla:run', listen);
    }
    const milliseconds = expect.any(Number);
    expect(events).toEqual([
      { samples: 5, threads: 1, milliseconds, async: true, error: undefined },
      { samples: 5, threads: 0, milliseconds, async: true, error: expect.any(NablaError) },
    ]);
  });
});

describe('evaluate', () => {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  const squares = (v: np.Array) => np.square(v);

  it('refuses detached and resizable buffers by name', async () => {
    const gone = new Float32Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(await rejection(evaluate(squares, [gone]))).toMatchObject({
      code: 'ERR_NABLA_DETACHED',
      message: expect.stringContaining('argument[0]'),
    });
    const resizable = new Float32Array(new Resizable(16, { maxByteLength: 64 }));
    expect(await rejection(evaluate(squares, [resizable]))).toMatchObject({
      code: 'ERR_NABLA_RESIZABLE',
      message: expect.stringContaining('argument[0]'),
    });
    // An array that was sound when it was made.
    const later = new Float32Array(4);
    const array = np.array(later);
    structuredClone(later, { transfer: [later.buffer] });
    expect((await rejection(evaluate(squares, [array]))).code).toBe('ERR_NABLA_DETACHED');
  });

  it("has the caller's stack in what it rejects with, when that comes from the native core", async () => {
    async function theCaller(f: () => Promise<unknown>): Promise<unknown> {
      return await f();
    }
    const abort = new AbortController();
    const X = np.ones([20_000, 40]);
    const H = vmap(hessian((v: np.Array) => np.sum(np.tanh(np.matmul(v, np.ones([40, 40]))))));
    const promise = rejection(theCaller(() => evaluate(H, [X], { signal: abort.signal })));
    abort.abort();
    const aborted = await promise;
    expect(aborted.code).toBe('ERR_NABLA_ABORTED');
    expect(aborted.stack).toContain('theCaller');
  });

  it('answers sizes beyond any memory with a code and stays usable', async () => {
    const X = np.zeros([2 ** 15, 2 ** 10]);
    const f = (v: np.Array) => np.sum(np.sin(v)).mul(np.sum(np.cos(v)));
    const codes = /^ERR_NABLA_(TOO_LARGE|OUT_OF_MEMORY)$/;
    // 2^35 numbers, 128 GiB.
    expect((await rejection(evaluate(vmap(hessian(f)), [X]))).code).toMatch(codes);
    expect(thrown(() => vmap(hessian(f))(X)).code).toMatch(codes);
    for (const size of [2 ** 53, 2 ** 53 - 1, 1e300, -1, Number.NaN, 1.5]) {
      expect(thrown(() => np.zeros([size])).code).toMatch(/^ERR_NABLA_(TOO_LARGE|SHAPE|ARGUMENT)$/);
    }
    expect((await evaluate(grad(f), [np.zeros([2])])).toArray()).toEqual([2, 2]);
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const settled = async (): Promise<number> => {
    // Finalizers of native handles run in turns of the event loop after a collection.
    for (let i = 0; i < 5; i++) {
      collect();
      await new Promise(setImmediate);
    }
    return process.memoryUsage.rss();
  };

  // The heap of V8 breathes by some MiB. What 100,000 functions left behind would be seen from a hundred bytes each on.
  // (Sanitizers keep freed memory on purpose.)
  const most = instrumented ? Number.POSITIVE_INFINITY : 12 * 2 ** 20;

  /**
   * By how much the process grows over so many cycles, the least of five times: V8 enlarges the part of its heap where short-lived
   * objects are made once or twice, by up to 100 MiB, but a leak grows every time.
   */
  async function growth(cycles: number, cycle: (i: number) => void): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    let before = Number.NEGATIVE_INFINITY;
    for (let round = 0; round < 5 && !(least < most); round++) {
      for (let i = 0; i < cycles; i++) {
        cycle(round * cycles + i);
        if (i % 1000 === 0) await new Promise(setImmediate);
      }
      const now = await settled();
      least = Math.min(least, now - before);
      before = now;
    }
    return least;
  }

  const input = Float32Array.of(1, 2, 3);

  it('stays flat over 100,000 functions made, called and dropped', { timeout: 300_000 }, async () => {
    const grown = await growth(instrumented ? 2_000 : 100_000, () => {
      const f = jit((v: np.Array) => np.sum(np.sin(v)));
      if (!(f(input).item() > 1.8)) throw new Error('wrong');
    });
    expect(grown).toBeLessThan(most);
  });

  it('stays flat over 1,000 different functions compiled and dropped', { timeout: 300_000 }, async () => {
    const { programsCreated } = counters();
    let calls = 0;
    const grown = await growth(instrumented ? 300 : 1_000, (i) => {
      const factor = 2 * i + 1;
      const f = jit(grad((v: np.Array) => np.sum(np.square(v.mul(factor)))));
      if (f(input).data[0] !== Math.fround(2 * factor ** 2)) throw new Error(`function ${i} is wrong`);
      calls++;
    });
    // As many programs were made: none was found in the cache.
    expect(counters().programsCreated - programsCreated).toBe(calls);
    // The cache holds the last 256.
    expect(counters().programsAlive).toBeLessThan(300);
    expect(grown).toBeLessThan(most);
  });
});

// Sanitizers reserve terabytes of addresses.
describe.runIf(process.platform === 'linux' && !instrumented && totalmem() > 2 ** 33)('memory that ends', () => {
  it('is an error with a code, once or often, and everything stays usable', () => {
    const script = `
      const native = require(${JSON.stringify(addon)});
      const words = Float64Array.from(${JSON.stringify(Array.from(scaling(64, 2)))});
      const greedy = words.slice();
      greedy[6] = 2 ** 30; // elements of shared scratch: 4 GiB
      const [program, tooMuch] = [native.createProgram(words), native.createProgram(greedy)];
      const x = new Float32Array(64).fill(3);
      const attempt = async (f) => f().then(() => 'ran', (error) => error.code);
      const run = async (p) => { const y = new Float32Array(64); native.run(p, [x], [y], 2); if (y[63] !== 6) throw Error('wrong'); };
      const later = (p) => new Promise((done, fail) => {
        native.runAsync(p, [x], [new Float32Array(64)], 2, (error) => (error ? fail(error) : done()));
      });
      (async () => {
        const codes = [];
        for (let i = 0; i < 3; i++)
          for (const how of [run, later])
            for (const p of [tooMuch, program]) codes.push(await attempt(() => how(p)));
        console.log(codes.join(' '));
      })();`;
    // Twice what Node maps when it does nothing.
    const output = execFileSync('bash', ['-c', 'ulimit -v 3000000; exec "$0" -e "$1"', process.execPath, script]);
    expect(output.toString().trim().split(' ')).toEqual(Array(6).fill(['ERR_NABLA_OUT_OF_MEMORY', 'ran']).flat());
  });
});
