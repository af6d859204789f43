// A contestant is a child process, so that none shares threads, heap or allocator with another.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Hello, Request } from './protocol.js';

export interface ContestantSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What to do if it is missing. */
  readonly hint: string;
}

/** A contestant answered with an error, gave no answer in time, or is gone. */
export class ContestantError extends Error {}

const lastLines = (text: string, n = 3): string =>
  text
    .trim()
    .split('\n')
    .slice(-n)
    .map((line) => line.trim())
    .join(' | ');

export class Contestant {
  readonly name: string;
  readonly threads: number;
  hello: Hello = { versions: {} };
  readonly #child: ChildProcess;
  #stderr = '';
  #gone: string | undefined;
  #waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void } | undefined;

  private constructor(spec: ContestantSpec, threads: number) {
    this.name = spec.name;
    this.threads = threads;
    const env = {
      ...process.env,
      NABLA_NUM_THREADS: String(threads),
      NABLA_BENCH_THREADS: String(threads),
      OMP_NUM_THREADS: String(threads),
    };
    this.#child = spawn(spec.command, spec.args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    this.#child.stdin?.on('error', () => {});
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#answer(line));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code, signal) =>
      this.#end(`it ended with ${signal ?? code}: ${lastLines(this.#stderr) || 'no message'}`),
    );
  }

  /** @throws ContestantError if it cannot be started */
  static async start(spec: ContestantSpec, threads: number): Promise<Contestant> {
    const contestant = new Contestant(spec, threads);
    try {
      contestant.hello = await contestant.ask<Hello>({ op: 'hello' }, 120);
    } catch (error) {
      contestant.stop();
      throw error;
    }
    return contestant;
  }

  /** One request at a time. @throws ContestantError */
  ask<Answer>(request: Request, timeoutSeconds: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(new ContestantError(this.#gone));
        return;
      }
      const timer = setTimeout(() => {
        this.#end(`no answer within ${timeoutSeconds} s`);
        this.#child.kill('SIGKILL');
      }, timeoutSeconds * 1000);
      const settled = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
      };
      this.#waiting = {
        resolve: (answer) => {
          settled();
          resolve(answer as Answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  get gone(): boolean {
    return this.#gone !== undefined;
  }

  stop(): void {
    this.#end('stopped');
    this.#child.kill();
  }

  #answer(line: string): void {
    // Libraries print to standard output too; an answer is a JSON object with `ok`.
    if (!line.startsWith('{')) return;
    let answer: { ok?: boolean; error?: string };
    try {
      answer = JSON.parse(line) as typeof answer;
    } catch {
      return;
    }
    if (answer.ok === true) this.#waiting?.resolve(answer);
    else if (answer.ok === false) this.#waiting?.reject(new ContestantError(answer.error ?? 'no message'));
  }

  #end(why: string): void {
    this.#gone ??= why;
    this.#waiting?.reject(new ContestantError(this.#gone));
  }
}
