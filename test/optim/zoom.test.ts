import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LinePoint, type ZoomOptions, type ZoomResult, zoom } from '../../lib/optim/zoom.js';

/** Runs the search on a function of the step length. */
function search(f: (step: number) => readonly [value: number, slope: number], guess: number, options?: ZoomOptions) {
  const at = (step: number): LinePoint => {
    const [value, slope] = f(step);
    return { step, value, slope };
  };
  const coroutine = zoom<LinePoint>(at(0), guess, options);
  const tried: number[] = [];
  let next = coroutine.next();
  while (!next.done) {
    tried.push(next.value);
    next = coroutine.next(at(next.value));
  }
  return { ...(next.value as ZoomResult<LinePoint>), tried };
}

describe('zoom', () => {
  // A sum of a parabola and waves: bounded below, with many local minima.
  const wavy = fc.record({
    slope: fc.double({ min: -20, max: -0.01, noNaN: true }),
    curvature: fc.double({ min: 0.01, max: 10, noNaN: true }),
    waves: fc.array(
      fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0.1, max: 9, noNaN: true })),
      {
        maxLength: 3,
      },
    ),
    guess: fc.double({ min: 1e-3, max: 100, noNaN: true }),
  });

  test('ends at a point of sufficient decrease and small slope', () => {
    fc.assert(
      fc.property(wavy, ({ slope, curvature, waves, guess }) => {
        const f = (s: number) => {
          let [value, derivative] = [slope * s + curvature * s * s, slope + 2 * curvature * s];
          for (const [a, w] of waves) {
            value += a * (1 - Math.cos(w * s));
            derivative += a * w * Math.sin(w * s);
          }
          return [value, derivative] as const;
        };
        const { point, evaluations, tried, decreaseError, curvatureError } = search(f, guess, {
          maxLinesearchSteps: 60,
          stepsizePrecision: 0,
          approxDecRtol: null,
        });
        expect(evaluations).toBe(tried.length);
        expect([decreaseError, curvatureError]).toEqual([0, 0]);
        const [value, derivative] = f(point!.step);
        expect(value).toBeLessThanOrEqual(1e-4 * slope * point!.step);
        expect(Math.abs(derivative)).toBeLessThanOrEqual(0.9 * Math.abs(slope));
      }),
      { numRuns: 500 },
    );
  });

  test('makes longer steps until they are long enough', () => {
    expect(search((s) => [(s - 1000) ** 2, 2 * (s - 1000)], 1).tried.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
  });

  test('stops at the longest step allowed', () => {
    const { point, tried } = search((s) => [-s, -1], 1, { maxLearningRate: 5 });
    expect(tried).toEqual([1, 2, 4, 5]);
    expect(point?.step).toBe(5);
  });

  test('stays where it is if nothing has a value', () => {
    const nowhere = search((s) => (s === 0 ? [1, -1] : [Number.NaN, Number.NaN]), 1, { maxLinesearchSteps: 7 });
    expect(nowhere).toMatchObject({ point: null, evaluations: 7, decreaseError: Infinity });
  });

  test('takes the best decrease there was, where the slope cannot become small', () => {
    const kink = search((s) => [Math.abs(s - 0.3) * 10, s < 0.3 ? -10 : 10], 1, { maxLinesearchSteps: 8 });
    expect(kink.point!.value).toBeLessThan(3);
    expect(kink.curvatureError).toBeGreaterThan(0);
  });
});
