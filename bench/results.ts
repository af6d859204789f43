// The file a run leaves in bench/results: everything the table and the plots are made of.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './cases.js';
import type { Machine } from './machine.js';
import type { Outcome } from './measure.js';
import type { ProbeResult } from './probes/probe.js';
import type { Verdict } from './verdicts.js';

export interface Participant {
  readonly name: string;
  /** Missing if it could not be started, which `reason` says. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly reason?: string;
}

export interface Results {
  readonly format: 'nabla-bench';
  readonly version: 4;
  /** What to type to repeat it. */
  readonly command: string;
  readonly date: string;
  readonly revision: string;
  readonly machine: Machine;
  readonly participants: readonly Participant[];
  readonly outcomes: readonly Outcome[];
  /** Cases nabla itself failed at. */
  readonly failures: readonly { readonly case: Case; readonly error: string }[];
  readonly probes: readonly ProbeResult[];
  /** Of a run of the selection `goals`. */
  readonly goals?: readonly Verdict[];
}

/** Writes `<folder>/<name>.json` and returns its path. */
export function writeResults(folder: string, name: string, results: Results): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  return file;
}

export function readResults(file: string): Results {
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  if (results.format !== 'nabla-bench' || results.version !== 4)
    throw new Error(`${file} is not a result of this harness`);
  return results;
}
