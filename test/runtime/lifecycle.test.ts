import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { pause } from '../support/promises.js';
import { addon, stretch } from './machine.js';
import { repeatedTanh, scaling, seconds } from './programs.js';

const fixture = fileURLToPath(new URL('fixtures/worker.mjs', import.meta.url));
const limit = 200 * stretch;

// Other processes on the machine can delay an end that is prompt in itself; a hang fails every time.
const options = { retry: 2 };

const long = { addon, words: Array.from(repeatedTanh(seconds.N, seconds.steps)), length: seconds.N };
const short = { addon, words: Array.from(scaling(100, 2)), length: 100 };

async function worker(task: object): Promise<Worker> {
  const started = new Worker(fixture, { workerData: task });
  started.on('error', (error) => {
    throw error;
  });
  await once(started, 'message');
  return started;
}

/** Runs the fixture as a process; resolves when it has said 'begun'. */
async function child(task: object) {
  const process_ = spawn(process.execPath, [fixture, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(process_, 'exit') as Promise<[number | null, string | null]>;
  let output = '';
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const said = async (text: string): Promise<void> => {
    while (!output.includes(text)) await pause(2);
  };
  await said('begun');
  return { exited, said, output: () => output };
}

describe('worker.terminate()', options, () => {
  it.each(['async', 'sync'])('in the middle of a run (%s) ends it at once, and the process lives on', async (mode) => {
    const running = await worker({ ...long, mode });
    await pause(50);
    const begin = performance.now();
    expect(await running.terminate()).toBe(1);
    expect(performance.now() - begin).toBeLessThan(limit);
  });

  it('with many jobs queued', async () => {
    const running = await worker({ ...long, mode: 'async', jobs: 40 });
    await pause(20);
    const begin = performance.now();
    await running.terminate();
    expect(performance.now() - begin).toBeLessThan(limit);
  });

  it('a synchronous run does not wait for those in the background', async () => {
    const medium = { words: Array.from(repeatedTanh(100_000, 600)), length: 100_000 };
    const timed = async (jobs: number): Promise<number> => {
      const begin = performance.now();
      const running = await worker({ ...long, mode: 'async', jobs, also: medium });
      const elapsed = performance.now() - begin;
      await running.terminate();
      return elapsed;
    };
    // Twenty long ones take hundreds of times as long as the medium one alone, on any instruction set.
    const alone = await timed(0);
    expect(await timed(20)).toBeLessThan(20 * alone);
  });

  it('of many workers at once', async () => {
    const running = await Promise.all(
      Array.from({ length: 8 }, (_, i) => worker({ ...long, mode: i % 2 === 0 ? 'async' : 'sync' })),
    );
    const begin = performance.now();
    await Promise.all(running.map((one) => one.terminate()));
    expect(performance.now() - begin).toBeLessThan(4 * limit);
  });
});

describe('workers', () => {
  it('come and go; each has its own state', async () => {
    for (let round = 0; round < 10; round++) {
      const running = new Worker(fixture, { workerData: { ...short, mode: round % 2 === 0 ? 'async' : 'sync' } });
      const messages: unknown[] = [];
      running.on('message', (message) => messages.push(message));
      const [code] = await once(running, 'exit');
      expect(code).toBe(0);
      expect(messages.sort()).toEqual(['begun', 'done']);
    }
  });
});

describe.runIf(process.platform === 'linux')('the threads that compute', () => {
  it('are shared by all workers', () => {
    const words = Array.from(repeatedTanh(100_000, 20));
    const run = `
      const run = ({ addon, words }) => {
        const native = require(addon);
        const program = native.createProgram(Float64Array.from(words));
        const [x, y] = [new Float32Array(100_000), new Float32Array(100_000)];
        for (let i = 0; i < 5; i++) native.run(program, [x], [y], 6);
      };`;
    const worker = `${run}
      const { parentPort, workerData } = require('node:worker_threads');
      run(workerData);
      parentPort.on('message', () => process.exit());
      parentPort.postMessage('done');`;
    const script = `${run}
      const { Worker } = require('node:worker_threads');
      const task = JSON.parse(process.argv[1]);
      const threads = () => require('node:fs').readdirSync('/proc/self/task').length;
      (async () => {
        const begin = threads();
        run(task);
        const alone = threads();
        for (let i = 0; i < 8; i++) {
          const worker = new Worker(task.worker, { eval: true, workerData: task });
          await new Promise((done, fail) => worker.on('message', done).on('error', fail));
        }
        console.log(JSON.stringify([alone - begin, threads() - alone]));
        process.exit();
      })();`;
    const output = execFileSync(process.execPath, ['-e', script, JSON.stringify({ addon, words, worker })]);
    const [alone, more] = JSON.parse(output.toString());
    expect(alone).toBe(5);
    // Each worker is a thread; eight pools would be forty more. (Node may start some of its own.)
    expect(more).toBeGreaterThanOrEqual(8);
    expect(more).toBeLessThan(20);
  });
});

describe('a process', options, () => {
  it('stays alive until its runs are done, and then ends by itself', async () => {
    const { exited, output } = await child({ ...short, mode: 'async', jobs: 30 });
    expect(await exited).toEqual([0, null]);
    expect(output().match(/done/g)).toHaveLength(30);
  });

  it('leaves by process.exit() in mid-work at once, with its exit code', async () => {
    const { exited, said } = await child({ ...long, mode: 'async', jobs: 10, exit: true });
    await said('exiting');
    const begin = performance.now();
    expect(await exited).toEqual([3, null]);
    expect(performance.now() - begin).toBeLessThan(limit);
  });

  it('leaves by process.exit() while a worker is in a synchronous run', async () => {
    const script = `
      import { Worker } from 'node:worker_threads';
      const task = JSON.parse(process.argv[1]);
      new Worker(task.fixture, { workerData: task, execArgv: [] }).on('message', () => {
        console.log('begun');
        setTimeout(() => (console.log('exiting'), process.exit(4)), 50);
      });`;
    const parent = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, JSON.stringify({ ...long, mode: 'sync', fixture })],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = once(parent, 'exit');
    for await (const text of parent.stdout.setEncoding('utf8')) if (text.includes('exiting')) break;
    const begin = performance.now();
    expect(await exited).toEqual([4, null]);
    expect(performance.now() - begin).toBeLessThan(limit);
  });
});
