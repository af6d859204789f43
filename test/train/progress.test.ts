import { numpy as np, optim, train } from 'nabla';
import { afterEach, expect, test, vi } from 'vitest';
import { Progress } from '../../lib/train/progress.js';

afterEach(() => vi.useRealTimers());

const recorder = (isTTY: boolean) => {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
};

test('a line on a terminal is rewritten ten times a second at most', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const stream = recorder(true);
  const progress = new Progress(stream, 15_000, 0);
  for (let step = 1; step <= 1000; step++) {
    vi.advanceTimersByTime(1);
    progress.update(step, 1 / step);
  }
  expect(stream.written).toHaveLength(10);
  expect(stream.written[9]).toBe('\rstep 1,000/15,000  loss 1.000e-3  1000 steps/s  14 s left\x1b[K');
  progress.end(1000, 1e-3);
  expect(stream.written.at(-1)).toBe('\n');
});

test('elsewhere there is a line every five seconds; the rate counts the steps of this run', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const stream = recorder(false);
  const progress = new Progress(stream, 500, 100);
  for (let step = 101; step <= 120; step++) {
    vi.advanceTimersByTime(1000);
    progress.update(step, 2);
  }
  expect(stream.written).toEqual(
    [5, 10, 15, 20].map(
      (n) =>
        `step ${100 + n}/500  loss 2.000e+0  1 steps/s  ${
          n === 5 ? '6 min 35 s' : n === 10 ? '6 min 30 s' : n === 15 ? '6 min 25 s' : '6 min 20 s'
        } left\n`,
    ),
  );
});

test('fit is quiet unless stderr is a terminal, or it is asked to speak', async () => {
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const options = {
    loss: (p: { a: np.Array }, _: undefined) => np.sum(np.square(p.a)),
    params: { a: np.ones(2) },
    optimizer: optim.sgd(0.1),
    steps: 3,
  };
  const terminal = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
  try {
    Object.defineProperty(process.stderr, 'isTTY', { value: false, configurable: true });
    await train.fit(options);
    expect(spy).not.toHaveBeenCalled();
    Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true });
    await train.fit(options);
    expect(spy).toHaveBeenCalled();
    spy.mockClear();
    await train.fit({ ...options, progress: false });
    expect(spy).not.toHaveBeenCalled();
  } finally {
    if (terminal) Object.defineProperty(process.stderr, 'isTTY', terminal);
    else Reflect.deleteProperty(process.stderr, 'isTTY');
    spy.mockRestore();
  }
  const stream = recorder(true);
  await train.fit({ ...options, progress: stream });
  expect(stream.written[0]).toMatch(/^\rstep 3\/3 {2}loss .* in all/);
});
