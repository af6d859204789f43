import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { burstSeconds, timeCalls, timeCallsAndPeak } from '../../bench/contestants/timing.js';
import { summarize } from '../../bench/statistics.js';

/** Milliseconds of a clock that only calls and bursts advance. */
let now = 0;
/** Operations a machine does in a millisecond, by its clock. */
let speedAt: (time: number) => number = () => 1;
let bursts = 0;
let calls = 0;

/** So many operations, in steps short enough for the speed to change meanwhile. */
function work(operations: number): void {
  for (let left = operations; left > 1e-12; ) {
    const speed = speedAt(now);
    const step = Math.min(0.05, left / speed);
    now += step;
    left -= step * speed;
  }
}

const call = (operations: number) => () => {
  calls++;
  work(operations);
};

function burst(): number {
  bursts++;
  const end = now + 1000 * burstSeconds;
  let operations = 0;
  for (; now < end - 1e-9; now += 0.05) operations += 0.05 * speedAt(now);
  return operations / burstSeconds;
}

beforeEach(() => {
  [now, bursts, calls] = [0, 0, 0];
  speedAt = () => 1;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

describe('calls and bursts of the yardstick take turns', () => {
  test.each([0.01, 0.3, 2, 7, 100])('calls of %d ms: about a tenth of the time is the bursts', async (milliseconds) => {
    const { seconds, peak } = await timeCallsAndPeak(call(milliseconds), 0.3, burst);
    for (const took of seconds) expect(took).toBeCloseTo(milliseconds / 1000, 9);
    expect(peak?.flops).toBeCloseTo(1000, 6);
    const share = (1000 * bursts * burstSeconds) / now;
    expect(share).toBeGreaterThan(0.04);
    expect(share).toBeLessThan(0.12);
  });

  test('a long call is made as often as without bursts', async () => {
    await timeCallsAndPeak(call(90), 0.3, burst);
    const withBursts = calls;
    await timeCalls(call(90), 0.3);
    expect(withBursts).toBe(calls - withBursts);
  });

  test('short calls are warmed up after a burst by one that is not timed', async () => {
    const timing = await timeCallsAndPeak(call(2), 0.3, burst);
    expect(calls).toBe(timing.calls + bursts);
  });

  test('the best burst is kept', async () => {
    speedAt = (time) => (time > 60 && time < 90 ? 3 : 2);
    const { peak } = await timeCallsAndPeak(call(1), 0.3, burst);
    expect(peak?.best).toBeCloseTo(3000, 3);
    expect(peak?.flops).toBeCloseTo(2000, 3);
  });

  // A neighbour takes half of the core for moments of any length: what was to be measured is the call, not the neighbour.
  test.each([
    [0.02, 0.5],
    [0.02, 4],
    [0.02, 40],
    [3, 0.5],
    [3, 4],
    [3, 40],
    [60, 0.5],
    [60, 4],
    [60, 40],
  ])('calls of %d ms keep their share when the speed changes every %d ms on average', async (operations, dwell) => {
    let [random, next, speed] = [1, 0, 1];
    speedAt = (time) => {
      for (; next <= time; speed = 3 - speed) {
        random = (random * 1664525 + 1013904223) % 2 ** 32;
        next += -Math.log((random + 0.5) / 2 ** 32) * dwell;
      }
      return speed;
    };
    const shares: number[] = [];
    for (let round = 0; round < 7; round++) {
      const { peak } = await timeCallsAndPeak(call(operations), 0.3, burst);
      shares.push((0.8 * operations) / peak!.perCall);
    }
    expect(summarize(shares).median).toBeGreaterThan(0.8 * 0.9);
    expect(summarize(shares).median).toBeLessThan(0.8 * 1.05);
  });
});
