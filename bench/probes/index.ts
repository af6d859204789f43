import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ContestantSpec } from '../contestant.js';
import { absence, peerSpecs, root } from '../contestants/specs.js';
import { summarize } from '../statistics.js';
import { accuracy } from './accuracy.js';
import { firstHessianName, memoryName, million, type ProbeResult, runProbe } from './probe.js';

export interface Probe {
  readonly name: string;
  run(): Promise<ProbeResult[]>;
}

const run = promisify(execFile);

async function firstHessian(by: string, command: string, args: readonly string[]): Promise<ProbeResult> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    await run(command, [...args]);
    times.push(performance.now() - begin);
  }
  const { median, low, high } = summarize(times);
  return {
    name: firstHessianName,
    by,
    value: median,
    unit: 'ms',
    details: { low, high },
  };
}

const mebibyte = 2 ** 20;

async function memoryOf(what: string, ...mode: string[]): Promise<ProbeResult> {
  type Found = Record<'before' | 'peak' | 'inputs' | 'outputs', number>;
  const found = await runProbe<Found>('memory.js', [String(million), ...mode]);
  const value = (found.peak - found.before - found.outputs) / mebibyte;
  return { name: memoryName(what), by: 'nabla', value, unit: 'MiB', details: found };
}

const memory = async (): Promise<ProbeResult[]> => [
  await memoryOf(`${million} Hessians`),
  await memoryOf(`Burgers step of ${million} points`, 'step'),
];

async function eventLoop(): Promise<ProbeResult[]> {
  const { p99, idle, p50 } = await runProbe<Record<'idle' | 'p50' | 'p99', number>>('../event-loop.js', ['--json']);
  const name = `a 1 ms timer is late by (p99), ${million} Hessians evaluated meanwhile`;
  return [{ name, by: 'nabla', value: p99, unit: 'ms', details: { p50, idle } }];
}

async function styles(): Promise<ProbeResult[]> {
  const { mapped, bySums } = await runProbe<Record<'mapped' | 'bySums', number>>('styles.js');
  const name = 'Burgers step of 4096 points, sums over the batch / mapped';
  return [{ name, by: 'nabla', value: bySums / mapped, unit: '×', details: { mapped, bySums } }];
}

const startProgram = fileURLToPath(new URL('first-hessian.js', import.meta.url));

export const nablaProbes: readonly Probe[] = [
  { name: 'start', run: async () => [await firstHessian('nabla', process.execPath, [startProgram])] },
  { name: 'memory', run: memory },
  { name: 'event loop', run: eventLoop },
  { name: 'both styles', run: styles },
];

/** Those in which a peer stands beside nabla; only JAX does. */
export function peerProbes(peers: readonly ContestantSpec[]): Probe[] {
  const jax = peers.find((spec) => spec === peerSpecs.jax && absence(spec) === undefined);
  if (!jax) return [];
  return [
    {
      name: 'start of JAX',
      run: async () => [await firstHessian('jax', jax.command, [join(root, 'bench/peers/first_hessian.py')])],
    },
    { name: 'float32 error', run: () => accuracy([jax]) },
  ];
}
