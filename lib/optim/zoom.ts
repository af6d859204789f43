/** A point of the line the search goes along: step length η, value φ(η) = f(x + η·d) and slope φ'(η). */
export interface LinePoint {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

/** Bounds of the search; the defaults are optax's. */
export interface ZoomOptions {
  /** Evaluations at most: 20 unless said otherwise. */
  maxLinesearchSteps?: number;
  /** Longest step; none unless said otherwise. */
  maxLearningRate?: number;
  /** By how much either condition may be missed: 0 unless said otherwise. */
  tol?: number;
  /** Growth of the step while no interval has been found: 2 unless said otherwise. */
  increaseFactor?: number;
  /** c₁ of the decrease condition φ(η) ≤ φ(0) + c₁·η·φ'(0): 1e-4 unless said otherwise. */
  slopeRtol?: number;
  /** c₂ of the curvature condition |φ'(η)| ≤ c₂·|φ'(0)|: 0.9 unless said otherwise. */
  curvRtol?: number;
  /**
   * Where φ(η) ≤ φ(0) + rtol·|φ(0)|, a decrease shown by the slope will do (Hager and Zhang, 2006): near a minimum values differ
   * by less than they are rounded. 1e-6 unless said otherwise; null for the plain condition.
   */
  approxDecRtol?: number | null;
  /** An interval this short is not searched further if some step in it decreases: 1e-5 unless said otherwise. */
  stepsizePrecision?: number;
}

export interface ZoomResult<L extends LinePoint> {
  /** The step to take; null to stay, where no finite value was found. */
  readonly point: L | null;
  readonly evaluations: number;
  /** 0 where the condition holds. */
  readonly decreaseError: number;
  readonly curvatureError: number;
}

/**
 * Search for a step that satisfies the strong Wolfe conditions: Nocedal and Wright, Numerical Optimization, algorithms 3.5 (grow
 * the step until an interval must hold one) and 3.6 (narrow the interval by interpolation).
 *
 * A coroutine, so that it does not care how a value comes about: it yields step lengths and is resumed with the points there.
 *
 * @param start value and slope at step 0
 * @param guess first step to try
 */
export function* zoom<L extends LinePoint>(
  start: LinePoint,
  guess: number,
  options: ZoomOptions = {},
): Generator<number, ZoomResult<L>, L> {
  const { maxLinesearchSteps = 20, maxLearningRate = Infinity, tol = 0, increaseFactor = 2 } = options;
  const { stepsizePrecision = 1e-5 } = options;
  const conditions = wolfe(start, options);
  // The best point that decreases, should none satisfy both conditions.
  let safe: L | null = null;
  let evaluations = 0;

  const finish = (point: L | null, at: Errors): ZoomResult<L> => ({
    point,
    evaluations,
    decreaseError: at.decrease,
    curvatureError: at.curvature,
  });
  const giveUp = (last: L, at: Errors): ZoomResult<L> =>
    finish(safe !== null || at.decrease === Infinity ? safe : last, at);

  let previous: LinePoint = start;
  let low: LinePoint;
  let high: LinePoint;
  for (;;) {
    const wanted = evaluations === 0 ? guess : increaseFactor * previous.step;
    const atLimit = wanted >= maxLearningRate;
    const point: L = yield Math.min(wanted, maxLearningRate);
    const errors = conditions(point);
    if (errors.decrease <= tol) safe = point;
    const tooFar = errors.decrease > 0 || (point.value >= previous.value && evaluations > 0);
    const risingAgain = !tooFar && point.slope >= 0;
    const found = tooFar || risingAgain || errors.worst <= tol;
    evaluations++;
    if (errors.worst <= tol || (atLimit && !found)) return finish(point, errors);
    if (evaluations >= maxLinesearchSteps) return giveUp(point, errors);
    [low, high] = risingAgain ? [point, previous] : [previous, point];
    previous = point;
    if (found) break;
  }

  // low: the better end, high: the other one, wherever they lie; third: the end that was given up last.
  let third = low;
  for (;;) {
    const width = Math.abs(high.step - low.step);
    const point: L = yield interpolate(low, high, third, width);
    const errors = conditions(point);
    // Between the point found in the first phase and this one the smaller value counts; at the start no step is safe yet.
    if (errors.decrease <= tol && point.value < (safe?.value ?? start.value)) safe = point;
    evaluations++;
    if (errors.worst <= tol) return finish(point, errors);
    if (evaluations >= maxLinesearchSteps || (width <= stepsizePrecision && safe !== null))
      return giveUp(point, errors);
    if (errors.decrease > 0 || point.value >= low.value) {
      third = high;
      high = point;
    } else {
      const crossed = point.slope * (high.step - low.step) >= 0;
      third = crossed ? high : low;
      if (crossed) high = low;
      low = point;
    }
  }
}

interface Errors {
  readonly decrease: number;
  readonly curvature: number;
  readonly worst: number;
}

/** How far a point is from satisfying either condition: 0 if it does, infinite where a value is not finite. */
function wolfe(start: LinePoint, options: ZoomOptions): (point: LinePoint) => Errors {
  const { slopeRtol = 1e-4, curvRtol = 0.9, approxDecRtol = 1e-6 } = options;
  const excess = (x: number): number => (Number.isNaN(x) ? Infinity : Math.max(x, 0));
  return ({ step, value, slope }) => {
    const armijo = value - start.value - slopeRtol * step * start.slope;
    const bySlope = slope - (2 * slopeRtol - 1) * start.slope;
    const decrease = excess(
      approxDecRtol === null
        ? armijo
        : Math.min(armijo, Math.max(bySlope, value - start.value - approxDecRtol * Math.abs(start.value))),
    );
    const curvature = excess(Math.abs(slope) - curvRtol * Math.abs(start.slope));
    return { decrease, curvature, worst: Math.max(decrease, curvature) };
  };
}

/** A step inside the interval: the minimum of a cubic, of a parabola, or the middle, the first that is not at the edge. */
function interpolate(low: LinePoint, high: LinePoint, third: LinePoint, width: number): number {
  const left = Math.min(low.step, high.step);
  const right = Math.max(low.step, high.step);
  const inside = (x: number, margin: number) => x > left + margin * width && x < right - margin * width;
  const cubic = cubicMinimum(low, high, third);
  if (inside(cubic, 0.2)) return cubic;
  const parabola = parabolaMinimum(low, high);
  if (inside(parabola, 0.1)) return parabola;
  return (low.step + high.step) / 2;
}

/** Minimum of the cubic through three points with the slope of the first; NaN if there is none. */
function cubicMinimum(a: LinePoint, b: LinePoint, c: LinePoint): number {
  const db = b.step - a.step;
  const dc = c.step - a.step;
  const denominator = (db * dc) ** 2 * (db - dc);
  const rb = b.value - a.value - a.slope * db;
  const rc = c.value - a.value - a.slope * dc;
  const A = (dc ** 2 * rb - db ** 2 * rc) / denominator;
  const B = (db ** 3 * rc - dc ** 3 * rb) / denominator;
  return a.step + (-B + Math.sqrt(B * B - 3 * A * a.slope)) / (3 * A);
}

/** Minimum of the parabola through two points with the slope of the first. */
function parabolaMinimum(a: LinePoint, b: LinePoint): number {
  const db = b.step - a.step;
  return a.step - a.slope / (2 * ((b.value - a.value - a.slope * db) / db ** 2));
}
