import { describe, expect, it } from 'vitest';
import { runProgramAsync } from '../../lib/runtime/async.js';
import { AbortError } from '../../lib/runtime/errors.js';
import { createProgram, type DataArray } from '../../lib/runtime/program.js';
import { runProgram } from '../../lib/runtime/run.js';
import { pause, rejection } from '../support/promises.js';
import { stretch } from './machine.js';
import { repeatedTanh, scaling, seconds } from './programs.js';

// Bounds in milliseconds can be missed when other processes hold the processors; what is wrong fails every time.
const options = { retry: 2 };

describe('runProgramAsync', options, () => {
  it('gives the bits of the synchronous run', async () => {
    for (const N of [0, 1, 33, 5_000]) {
      const program = createProgram(repeatedTanh(N, 3, 'float64', 2));
      const x = Float64Array.from({ length: N }, (_, i) => Math.cos(i));
      expect(await runProgramAsync(program, [x], { threads: 2 })).toEqual(runProgram(program, [x]));
    }
  });

  it('copies its inputs before it returns', async () => {
    const N = 200_000;
    const program = createProgram(repeatedTanh(N, 5));
    const x = new Float32Array(N).fill(0.5);
    const expected = runProgram(program, [x]);
    const shared = new Float32Array(new SharedArrayBuffer(4 * N)).fill(0.5);
    const asBuffer = Buffer.alloc(4);
    const bytes = createProgram(scaling(1, 2));
    const promises = [runProgramAsync(program, [x]), runProgramAsync(program, [shared])];
    x.fill(9);
    shared.fill(9);
    for (const promise of promises) expect(await promise).toEqual(expected);
    expect((await rejection(runProgramAsync(bytes, [asBuffer]))).message).toContain(
      'received a Uint8Array of length 4',
    );
  });

  it('keeps calls apart that use the same memory for their copies, one after another and at once', async () => {
    const N = 100_000;
    const program = createProgram(scaling(N, 2));
    const call = async (value: number): Promise<void> => {
      const [y] = await runProgramAsync(program, [new Float32Array(N).fill(value)]);
      expect(y?.every((v) => v === 2 * value)).toBe(true);
    };
    for (let round = 0; round < 5; round++) {
      await Promise.all([1, 2, 3, 4].map((i) => call(10 * round + i)));
      const abort = new AbortController();
      const aborted = rejection(runProgramAsync(program, [new Float32Array(N)], { signal: abort.signal }));
      abort.abort();
      await Promise.all([call(1000 + round), aborted]);
    }
  });

  it('takes inputs over on request, and only those it can', async () => {
    const program = createProgram(scaling(3, 2));
    const whole = Float32Array.of(1, 2, 3);
    const part = Float32Array.of(0, 1, 2, 3).subarray(1);
    const shared = new Float32Array(new SharedArrayBuffer(12));
    for (const [x, taken] of [
      [whole, true],
      [part, false],
      [shared, false],
    ] as const) {
      const [y] = await runProgramAsync(program, [x], { transfer: [x] });
      expect(y).toEqual(x === shared ? new Float32Array(3) : Float32Array.of(2, 4, 6));
      expect(x.length).toBe(taken ? 0 : 3);
    }
    const wanted = Float32Array.of(1, 2, 3);
    await rejection(runProgramAsync(program, [wanted, wanted], { transfer: [wanted] }));
    expect(wanted.length).toBe(3);
  });

  it('serves many calls at once, short ones beside a long one', async () => {
    const long = createProgram(repeatedTanh(seconds.N, seconds.steps));
    const abort = new AbortController();
    const running = runProgramAsync(long, [new Float32Array(seconds.N)], { signal: abort.signal });
    const short = createProgram(scaling(1_000, 2));
    const begin = performance.now();
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, i) => runProgramAsync(short, [new Float32Array(1_000).fill(i)])),
    );
    expect(performance.now() - begin).toBeLessThan(500 * stretch);
    results.forEach(([y], i) => {
      expect(y).toEqual(new Float32Array(1_000).fill(2 * i));
    });
    abort.abort();
    await rejection(running);
  });

  it('reports progress at most every 50 ms, rising to 1', async () => {
    // About a second, whatever the machine and the instruction set.
    const N = 400_000;
    const sample = createProgram(repeatedTanh(N, 20));
    const samples = [1, 2, 3].map(() => {
      const begin = performance.now();
      runProgram(sample, [new Float32Array(N)]);
      return performance.now() - begin;
    });
    const steps = Math.ceil((20 * 1_000) / Math.min(...samples));
    const program = createProgram(repeatedTanh(N, steps));
    const shares: number[] = [];
    const times: number[] = [];
    await runProgramAsync(program, [new Float32Array(N)], {
      onProgress: (share) => {
        shares.push(share);
        times.push(performance.now());
      },
    });
    expect(shares.length).toBeGreaterThan(2);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
    // The last one comes with the result, whenever that is.
    times.slice(1, -1).forEach((time, i) => {
      expect(time - (times[i] as number)).toBeGreaterThan(40);
    });
  });

  it('rejects with what onProgress throws', async () => {
    const program = createProgram(repeatedTanh(seconds.N, seconds.steps));
    const mine = new Error('mine');
    const promise = runProgramAsync(program, [new Float32Array(seconds.N)], {
      onProgress: () => {
        throw mine;
      },
    });
    await expect(promise).rejects.toBe(mine);
  });

  it('leaves the event loop free', async () => {
    const program = createProgram(repeatedTanh(seconds.N, seconds.steps));
    const abort = new AbortController();
    const running = runProgramAsync(program, [new Float32Array(seconds.N)], { signal: abort.signal });
    await pause(20);
    const late: number[] = [];
    for (let i = 0; i < 200; i++) {
      const begin = performance.now();
      await pause(1);
      late.push(performance.now() - begin - 1);
    }
    late.sort((a, b) => a - b);
    // Half of the delays: other processes may hold the processor now and then, a blocked loop always does.
    expect(late[100]).toBeLessThan(5 * stretch);
    abort.abort();
    await rejection(running);
  });
});

describe('abort', options, () => {
  const program = createProgram(repeatedTanh(seconds.N, seconds.steps));
  const x = new Float32Array(seconds.N);

  it('before the call', async () => {
    const error = await rejection(runProgramAsync(program, [x], { signal: AbortSignal.abort('because') }));
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ name: 'AbortError', code: 'ERR_NABLA_ABORTED', cause: 'because' });
  });

  it('in the middle of the run, within milliseconds', async () => {
    const abort = new AbortController();
    const promise = rejection(runProgramAsync(program, [x], { signal: abort.signal }));
    await pause(60);
    const begin = performance.now();
    abort.abort();
    const error = await promise;
    expect(performance.now() - begin).toBeLessThan(50 * stretch);
    expect(error).toBeInstanceOf(AbortError);
    expect((error.cause as Error).name).toBe('AbortError');
  });

  it('of a run that has not begun', async () => {
    const busy = new AbortController();
    // More than run side by side. (Node warns of more than ten listeners on one signal.)
    const long = Array.from({ length: 10 }, () => rejection(runProgramAsync(program, [x], { signal: busy.signal })));
    const waiting = new AbortController();
    const promise = rejection(runProgramAsync(program, [x], { signal: waiting.signal }));
    waiting.abort();
    expect((await promise).code).toBe('ERR_NABLA_ABORTED');
    busy.abort();
    for (const one of long) expect((await one).code).toBe('ERR_NABLA_ABORTED');
  });

  it('after the result changes nothing, and no listener is left', async () => {
    const abort = new AbortController();
    const small = createProgram(scaling(1, 2));
    const [y] = await runProgramAsync(small, [Float32Array.of(1)], { signal: abort.signal });
    abort.abort();
    expect(y).toEqual(Float32Array.of(2));
  });
});

describe('errors', () => {
  const program = createProgram(scaling(4, 2));

  it('reject, and never throw', async () => {
    for (const inputs of [[], [new Float64Array(4)], [null], null, 3]) {
      expect((await rejection(runProgramAsync(program, inputs as DataArray[]))).code).toBe('ERR_NABLA_ARGUMENT');
    }
    expect((await rejection(runProgramAsync(program, [new Float32Array(4)], { threads: -1 }))).code).toBe(
      'ERR_NABLA_ARGUMENT',
    );
  });

  it('refuse detached and resizable buffers by name', async () => {
    const gone = new Float32Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    const detached = await rejection(runProgramAsync(program, [gone]));
    expect(detached.code).toBe('ERR_NABLA_DETACHED');
    expect(detached.message).toContain('inputs[0]');

    const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
    const resizable = await rejection(
      runProgramAsync(program, [new Float32Array(new Resizable(16, { maxByteLength: 64 }))]),
    );
    expect(resizable.code).toBe('ERR_NABLA_RESIZABLE');
    expect(resizable.message).toContain('inputs[0]');
  });

  it("have the caller's stack", async () => {
    async function theCaller(): Promise<unknown> {
      return await runProgramAsync(program, [new Float32Array(3)]);
    }
    const error = await rejection(theCaller());
    expect(error.stack).toMatch(/^NablaError: expected a Float32Array of length 4 .*\n\s+at .*theCaller/);
  });
});
