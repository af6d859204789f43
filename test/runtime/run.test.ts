import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { resourceUsage } from 'node:process';
import { describe, expect, it } from 'vitest';
import {
  type Base,
  type Operand,
  output,
  ProgramWriter,
  panel,
  input as readInput,
} from '../../lib/compile/program-writer.js';
import { runProgramAsync } from '../../lib/runtime/async.js';
import { NablaError } from '../../lib/runtime/errors.js';
import { getNative } from '../../lib/runtime/native.js';
import { counters, createProgram, type DataArray } from '../../lib/runtime/program.js';
import { runProgram } from '../../lib/runtime/run.js';
import { thrown } from '../support/thrown.js';
import { instrumented } from './machine.js';
import { repeatedTanh, scaling } from './programs.js';

describe('runProgram', () => {
  it('returns fresh arrays of the declared dtype and length', () => {
    for (const N of [0, 1, 31, 32, 33, 1000]) {
      const program = createProgram(scaling(N, 3));
      const x = Float32Array.from({ length: N }, (_, i) => i - 7);
      const [y, ...rest] = runProgram(program, [x]);
      expect(rest).toEqual([]);
      expect(y).toEqual(x.map((v) => 3 * v));
      expect(program.inputs).toEqual([{ dtype: 0, length: N }]);
      expect(program.outputs).toEqual([{ dtype: 0, length: N }]);
      expect(program.samples).toBe(N);
    }
  });

  it('gives the same bits at any number of threads', () => {
    const N = 10_007;
    const program = createProgram(repeatedTanh(N, 20, 'float64', 1.1));
    const x = Float64Array.from({ length: N }, (_, i) => Math.sin(i));
    const [one] = runProgram(program, [x], 1);
    for (const threads of [0, 2, 3, 64]) expect(runProgram(program, [x], threads)[0]).toEqual(one);
  });

  it('reads views: parts of a buffer, and of a SharedArrayBuffer', () => {
    const program = createProgram(scaling(3, 2));
    const whole = Float32Array.of(9, 1, 2, 3, 9);
    expect(runProgram(program, [whole.subarray(1, 4)])[0]).toEqual(Float32Array.of(2, 4, 6));
    const shared = new Float32Array(new SharedArrayBuffer(12));
    shared.set([1, 2, 3]);
    expect(runProgram(program, [shared])[0]).toEqual(Float32Array.of(2, 4, 6));
  });

  it('counts programs and runs', () => {
    const before = counters();
    const program = createProgram(scaling(1, 2));
    runProgram(program, [Float32Array.of(1)]);
    runProgram(program, [Float32Array.of(1)]);
    expect(counters().programsCreated - before.programsCreated).toBe(1);
    expect(counters().runs - before.runs).toBe(2);
  });

  it('publishes each compilation to the diagnostics channel nabla:compile', () => {
    const events: unknown[] = [];
    const listen = (event: unknown): void => void events.push(event);
    subscribe('nabla:compile', listen);
    try {
      createProgram(scaling(5, 2));
      thrown(() => createProgram(new Float64Array(8)));
    } finally {
      unsubscribe('nabla:compile', listen);
    }
    expect(events).toEqual([
      { words: scaling(5, 2).length, samples: 5, bytes: expect.any(Number), milliseconds: expect.any(Number) },
    ]);
  });

  it('publishes each run to the diagnostics channel nabla:run', () => {
    const events: unknown[] = [];
    const listen = (event: unknown): void => void events.push(event);
    subscribe('nabla:run', listen);
    try {
      const program = createProgram(scaling(5, 2));
      runProgram(program, [new Float32Array(5)], 1);
      thrown(() => runProgram(program, []));
    } finally {
      unsubscribe('nabla:run', listen);
    }
    expect(events).toEqual([
      { samples: 5, threads: 1, milliseconds: expect.any(Number), async: false, error: undefined },
      { samples: 5, threads: 0, milliseconds: expect.any(Number), async: false, error: expect.any(NablaError) },
    ]);
  });
});

describe('arguments', () => {
  const program = createProgram(scaling(4, 2));
  const x = new Float32Array(4);
  const anything = (value: unknown): DataArray => value as DataArray;

  it.each<[string, unknown, string]>([
    ['a Float64Array, which is twice as large', new Float64Array(4), 'a Float64Array of length 4'],
    ['an Int32Array', new Int32Array(4), 'an Int32Array of length 4'],
    ['too short', new Float32Array(3), 'a Float32Array of length 3'],
    ['too long', new Float32Array(5), 'a Float32Array of length 5'],
    ['a BigInt64Array', new BigInt64Array(4), 'a BigInt64Array of length 4'],
    ['a DataView', new DataView(new ArrayBuffer(16)), 'an object'],
    ['an ArrayBuffer', new ArrayBuffer(16), 'an object'],
    ['an array', [1, 2, 3, 4], 'an array of length 4'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 3, '3'],
    ['a string', 'x', 'a string'],
    ['a bigint', 1n, 'a bigint'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['a boolean', true, 'true'],
    ['a function', () => 0, 'a function'],
  ])('refuses as input: %s', (_, value, received) => {
    const error = thrown(() => runProgram(program, [anything(value)]));
    expect(error.code).toBe('ERR_NABLA_ARGUMENT');
    expect(error.message).toBe(`expected a Float32Array of length 4 for inputs[0] but received ${received}`);
  });

  it('refuses a detached buffer by name', () => {
    const gone = new Float32Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    const error = thrown(() => runProgram(program, [gone]));
    expect(error.code).toBe('ERR_NABLA_DETACHED');
    expect(error.message).toContain('inputs[0]');
  });

  it('refuses the wrong number of inputs', () => {
    expect(thrown(() => runProgram(program, [])).message).toBe(
      'expected an array of length 1 for inputs but received an array of length 0',
    );
    expect(thrown(() => runProgram(program, [x, x])).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => runProgram(program, anything(null) as never)).code).toBe('ERR_NABLA_ARGUMENT');
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300, '2', null, {}])('refuses %s threads', (threads) => {
    const error = thrown(() => runProgram(program, [x], threads as number));
    expect(error.code).toBe('ERR_NABLA_ARGUMENT');
    expect(error.message).toMatch(/^expected an integer from 0 to 1024 for threads but received /);
  });

  it('refuses what is no program handle, another kind of native handle included', () => {
    const native = getNative();
    const job = native.runAsync(program.native, [x], [new Float32Array(4)], 1, () => {});
    // Externals, unlike these handles, could not be prototypes without ending the process on Node 24.
    for (const handle of [null, undefined, {}, 3, 'x', () => 0, job, Object.create(program.native as object)]) {
      const error = thrown(() => runProgram({ ...program, native: handle as never }, [x]));
      expect(error.message).toMatch(/^expected a handle made by createProgram\(\) for program but received /);
    }
    expect(() => native.progress(program.native as never)).toThrow(/expected a handle made by runAsync\(\) for job/);
    expect(() => native.abort({} as never)).toThrow(/expected a handle made by runAsync\(\) for job/);
  });

  it('survives a getter that detaches another input, or runs another program', () => {
    const two = createProgram(scaling(4, 2)).native;
    const native = getNative();
    const outputs = [new Float32Array(4)];
    const list: unknown[] = [];
    Object.defineProperty(list, 0, {
      get: () => {
        structuredClone(outputs[0], { transfer: [outputs[0]!.buffer] });
        return x;
      },
    });
    expect(() => native.run(two, list, outputs, 1)).toThrow(/the buffer of outputs\[0\] is detached/);

    const big = createProgram(scaling(4_000, 2)).native;
    const recursive: unknown[] = [];
    Object.defineProperty(recursive, 0, {
      get: () => {
        native.run(big, [new Float32Array(4_000)], [new Float32Array(4_000)], 1);
        return Float32Array.of(1, 2, 3, 4);
      },
    });
    const y = new Float32Array(4);
    native.run(two, recursive, [y], 1);
    expect(y).toEqual(Float32Array.of(2, 4, 6, 8));
  });

  it('takes arrays as arguments, and refuses the wrong number of them', () => {
    const native = getNative();
    const y = new Float32Array(4);
    native.runArguments(program.native, 1, Float32Array.of(1, 2, 3, 4), y);
    const listed = new Float32Array(4);
    native.run(program.native, [Float32Array.of(1, 2, 3, 4)], [listed], 1);
    expect(y).toEqual(listed);
    for (const arrays of [[], [x], [x, y, y]]) {
      expect(() => native.runArguments(program.native, 1, ...arrays)).toThrow(
        `expected 2 arrays for inputs and outputs but received ${arrays.length}`,
      );
    }
    expect(() => native.runArguments(program.native, 1, x, [y])).toThrow(/a Float32Array of length 4 for outputs\[0\]/);
    expect(() => native.runArguments({} as never, 1, x, y)).toThrow(/a handle made by createProgram\(\)/);
    expect(() => (native.runArguments as () => void)()).toThrow(/a handle made by createProgram\(\)/);
  });

  it('hands many arrays over in lists', () => {
    const count = 300;
    const writer = new ProgramWriter('float32');
    const inputs = globalThis.Array.from({ length: count }, () => writer.input('float32', 1));
    const sum = writer.output('float32', 1);
    writer.flatLoop();
    const at = (base: Base) => ({ base, strides: [1] });
    writer.elementwise('copy', [1], at(output(sum)), [at(readInput(inputs[0]!))]);
    for (const i of inputs.slice(1))
      writer.elementwise('add', [1], at(output(sum)), [at(output(sum)), at(readInput(i))]);
    const [result] = runProgram(
      createProgram(writer.finish()),
      inputs.map((i) => Float32Array.of(i)),
    );
    expect(result![0]).toBe((count * (count - 1)) / 2);
  });

  it('survives inputs whose list changes its mind', () => {
    // The list is read once per element; what the second reading would have said does not matter.
    const list = new Proxy([x], {
      get: (target, key) => (key === '0' ? new Float64Array(4) : Reflect.get(target, key)),
    });
    expect(thrown(() => runProgram(program, list)).code).toBe('ERR_NABLA_ARGUMENT');
  });
});

describe('createProgram', () => {
  it.each([
    ['nothing', []],
    ['no magic', [1, 2, 3]],
    ['NaN everywhere', new Array(64).fill(Number.NaN)],
    ['infinite counts', [0x4e41424c, 1, 0, Infinity, Infinity, Infinity, Infinity, Infinity]],
    ['counts of 2^53', [0x4e41424c, 1, 0, 2 ** 53, 2 ** 53, 0, 0, 0]],
  ])('refuses %s', (_, words) => {
    expect(thrown(() => createProgram(Float64Array.from(words))).code).toMatch(/^ERR_NABLA_(PROGRAM|TOO_LARGE)$/);
  });

  it('refuses every truncation of a program, and survives every changed word', () => {
    const words = repeatedTanh(40, 2);
    for (let length = 0; length < words.length; length++) {
      expect(thrown(() => createProgram(words.slice(0, length))).code).toBe('ERR_NABLA_PROGRAM');
    }
    const x = new Float32Array(40);
    for (let i = 0; i < words.length; i++) {
      for (const value of [-1, 0, 1, 2, 3, 7, 0.5, 2 ** 40, 2 ** 53, -(2 ** 53), Number.NaN, Infinity]) {
        const changed = words.slice();
        changed[i] = value;
        try {
          runProgram(createProgram(changed), [x]);
        } catch (error) {
          expect(error).toBeInstanceOf(NablaError);
        }
      }
    }
  });

  it('refuses sizes beyond any memory with a code, and goes on working', () => {
    for (const N of [2 ** 36, 2 ** 40, 2 ** 49]) {
      const error = thrown(() => runProgram(createProgram(scaling(N, 2)), [new Float32Array(1)]));
      expect(error.code).toMatch(/^ERR_NABLA_(TOO_LARGE|OUT_OF_MEMORY)$/);
    }
    expect(runProgram(createProgram(scaling(1, 2)), [Float32Array.of(3)])[0]).toEqual(Float32Array.of(6));
  });

  it('takes no memory for scratch that is declared and not used', async () => {
    const writer = new ProgramWriter('float32');
    const [x, y] = [writer.input('float32', 4096), writer.output('float32', 4096)];
    const arenaElements = 2 ** 28;
    writer.sharedElements = 2 ** 28;
    writer.lanesLoop({ N: 4096, B: 16, arenaElements });
    const value: Operand = { base: panel(arenaElements - 16), strides: [] };
    writer.gather([], value, { base: readInput(x), strides: [] }, 1);
    writer.scatter([], value, { base: output(y), strides: [] }, 1);
    const program = createProgram(writer.finish());
    const input = Float32Array.from({ length: 4096 }, (_, i) => i);
    const before = resourceUsage().maxRSS;
    expect(runProgram(program, [input], 2)).toEqual([input]);
    expect(await runProgramAsync(program, [input], { threads: 2 })).toEqual([input]);
    // Of three GiB declared: one for what is shared, one for each thread. Sanitizers keep books of every page.
    if (!instrumented) expect(resourceUsage().maxRSS - before).toBeLessThan(64 * 1024);
  });

  it.each([null, undefined, [1, 2], new Float32Array(8), 'program', {}])('refuses %s as words', (words) => {
    expect(thrown(() => createProgram(words as never)).message).toMatch(
      /^expected a Float64Array for words but received /,
    );
  });
});
