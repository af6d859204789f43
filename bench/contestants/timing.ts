// How long a call takes, and how fast the machine was meanwhile.
import { quantile } from '../statistics.js';

/** Calls of well below a millisecond are timed in groups of about that. */
const groupSeconds = 1e-3;

/** What a burst of the yardstick lasts; a core's speed changes from one millisecond to the next. */
export const burstSeconds = 0.5e-3;

/** Calls go on for so long between bursts, and longer calls are followed by as many as make this share of their time. */
const stretchSeconds = 6e-3;
const burstShare = 0.08;

export interface Timing {
  /** Of each call, from groups of calls. */
  readonly seconds: readonly number[];
  readonly calls: number;
  readonly peak?: {
    /** Operations the yardstick would have done in the time of a call, at the speed of the bursts right before and after it. */
    readonly perCall: number;
    /** Operations per second of the median burst, and of the best. */
    readonly flops: number;
    readonly best: number;
  };
}

export const median = (numbers: readonly number[]): number =>
  quantile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

async function group(f: () => unknown, calls: number): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < calls; i++) {
    const result = f();
    // Awaiting what is no promise costs a turn of the queue, more than a small call.
    if (result instanceof Promise) await result;
  }
  return (performance.now() - begin) / 1000;
}

/** The first group of a length worth timing. */
async function firstGroup(f: () => unknown): Promise<{ calls: number; took: number }> {
  for (let calls = 1; ; calls *= 2) {
    const took = await group(f, calls);
    if (took >= groupSeconds / 2) return { calls, took };
  }
}

/** Groups of calls that together last about `seconds`; a call that alone lasts as long is made once. */
export async function timeCalls(f: () => unknown, seconds: number): Promise<Timing> {
  const { calls, took } = await firstGroup(f);
  const times = [took / calls];
  for (let total = took; total < seconds; ) {
    const next = await group(f, calls);
    times.push(next / calls);
    total += next;
  }
  return { seconds: times, calls: times.length * calls };
}

/**
 * The same with bursts of the yardstick between the calls; `burst` runs one and returns its operations per second. Each stretch of
 * calls is held against the bursts around it, and the median of that is kept: medians of all calls and of all bursts would be of
 * different moments, and on a machine of two speeds easily one of each.
 */
export async function timeCallsAndPeak(f: () => unknown, seconds: number, burst: () => number): Promise<Timing> {
  const all = [burst()];
  let before = all.slice();
  const { calls, took } = await firstGroup(f);
  const times: number[] = [];
  const perCall: number[] = [];
  let total = 0;
  const stretch = (groups: readonly number[]) => {
    const lasted = groups.reduce((sum, group) => sum + group, 0);
    const after = Array.from({ length: Math.max(1, Math.round((burstShare * lasted) / burstSeconds)) }, burst);
    perCall.push((lasted / groups.length / calls) * mean([...before, ...after]));
    times.push(...groups.map((group) => group / calls));
    all.push(...after);
    before = after;
    total += lasted;
  };
  if (took >= stretchSeconds) stretch([took]);
  while (total < seconds) {
    // Threads that have slept during a burst are woken by a call nobody times, where that would be seen.
    if (took < stretchSeconds) await group(f, 1);
    const groups: number[] = [];
    for (let lasted = 0; lasted < stretchSeconds; lasted += groups.at(-1)!) groups.push(await group(f, calls));
    stretch(groups);
  }
  const peak = { perCall: median(perCall), flops: median(all), best: Math.max(...all) };
  return { seconds: times, calls: times.length * calls, peak };
}
