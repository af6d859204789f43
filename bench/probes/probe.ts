// Measurements that are not the time of a call: memory, the start of a process, the event loop, errors.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface ProbeResult {
  /** What was measured, of whom. */
  readonly name: string;
  readonly by: string;
  readonly value: number;
  readonly unit: string;
  /** Other numbers of the same measurement. */
  readonly details?: Readonly<Record<string, number>>;
}

export const million = 1_000_000;
export const firstHessianName = 'process start to end, 32 first Hessians in it';
/** How many times as large as the peer's. */
export const errorName = (peer: string): string => `float32 error of Hessians beside ${peer}'s, root mean square`;
export const memoryName = (what: string): string => `peak memory beyond inputs and outputs, ${what}`;

const run = promisify(execFile);

/** Runs a program of this folder and returns what it prints as JSON. */
export async function runProbe<T>(program: string, args: readonly string[] = []): Promise<T> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const { stdout } = await run(process.execPath, [file, ...args], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as T;
}

export const probeLine = ({ name, by, value, unit }: ProbeResult): string =>
  `${name.padEnd(63)} ${by.padEnd(10)} ${Number(value.toPrecision(3))} ${unit}`;
