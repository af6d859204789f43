// What the harness and the contestants say to each other: one JSON object a line, a request on the contestant's standard
// input, its answer on its standard output. bench/peers/peer.py is the same in Python. Numbers travel in files, raw and little-endian.
import type { Case } from './cases.js';
import type { Timing } from './contestants/timing.js';

export interface Problem extends Case {
  /** Parameters in Flax's order of leaves, of the case's dtype. */
  readonly paramsFile: string;
  /** Inputs [N, d]. */
  readonly xFile: string;
  /** Directions [N, d] of an hvp. */
  readonly vFile: string;
  /** Where the results of the first `rows` samples go. */
  readonly resultFile: string;
  readonly rows: number;
}

export type Request =
  | { readonly op: 'hello' }
  /** Which ways it has to compute this. */
  | { readonly op: 'recipes'; readonly case: Case }
  /** Compiles one way, runs it, writes its result, and times a few calls. Only one is kept per name. */
  | { readonly op: 'prepare'; readonly recipe: string; readonly problem: Problem }
  /** Calls what was prepared for so many seconds, at least once. */
  | { readonly op: 'time'; readonly recipe: string; readonly seconds: number }
  /** Forgets all that was prepared. */
  | { readonly op: 'drop' };

export interface Hello {
  readonly versions: Readonly<Record<string, string>>;
}
export interface Recipes {
  readonly recipes: readonly string[];
}
export interface Prepared {
  /** Seconds of the fastest of a few calls, and of the first, which compiles. */
  readonly seconds: number;
  readonly firstSeconds: number;
}
export interface Timed {
  /** Seconds of one call: the median of those made. */
  readonly seconds: number;
  readonly calls: number;
  /** nabla alone, of bursts of fused multiply-adds on the case's threads between the calls: contestants/timing.ts. */
  readonly peak?: Timing['peak'];
}
