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
  readonly #spec: ContestantSpec;
  #child: ChildProcess;
  #stderr = '';
  #gone: string | undefined;
  #waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void } | undefined;

  private constructor(spec: ContestantSpec, threads: number) {
    this.name = spec.name;
    this.threads = threads;
    this.#spec = spec;
    this.#child = this.#spawn();
  }

  /** @throws ContestantError if it cannot be started */
  static async start(spec: ContestantSpec, threads: number): Promise<Contestant> {
    const contestant = new Contestant(spec, threads);
    await contestant.#greet();
    return contestant;
  }

  /** Starts its process anew, whether it died or not. @throws ContestantError */
  async revive(): Promise<void> {
    const last = this.#child;
    this.#child = this.#spawn();
    last.kill('SIGKILL');
    this.#gone = undefined;
    this.#stderr = '';
    await this.#greet();
  }

  async #greet(): Promise<void> {
    try {
      this.hello = await this.ask<Hello>({ op: 'hello' }, 120);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  #spawn(): ChildProcess {
    const threads = String(this.threads);
    const env = { ...process.env, NABLA_NUM_THREADS: threads, NABLA_BENCH_THREADS: threads, OMP_NUM_THREADS: threads };
    const child = spawn(this.#spec.command, this.#spec.args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    // What a process that has been replaced still says is nobody's business.
    const current = (handle: (...args: never[]) => void) =>
      ((...args: never[]) => {
        if (child === this.#child) handle(...args);
      }) as (...args: unknown[]) => void;
    child.stderr.setEncoding('utf8').on(
      'data',
      current((text: string) => {
        this.#stderr = (this.#stderr + text).slice(-4000);
      }),
    );
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on(
      'line',
      current((line: string) => this.#answer(line)),
    );
    child.on(
      'error',
      current((error: Error) => this.#end(error.message)),
    );
    child.on(
      'close',
      current((code: number | null, signal: string | null) =>
        this.#end(`it ended with ${signal ?? code}: ${lastLines(this.#stderr) || 'no message'}`),
      ),
    );
    return child;
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
