import { type Array, ConcreteArray } from '../array/array.js';
import { type DType, typedArrayClass } from '../array/dtype.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { toArray } from '../trace/trace.js';
import { valueAndGrad as differentiate } from '../transform/grad.js';
import { zerosTree } from './moments.js';
import {
  type AsyncExtraArgs,
  type ExtraArgs,
  type GradientTransformation,
  mapArrays,
  type OptState,
  parameterDType,
  requireNumbers,
  requireParams,
  type ValueAndGradient,
} from './transformation.js';
import { dot, vectorOf } from './vector.js';
import { type LinePoint, type ZoomOptions, zoom } from './zoom.js';

export interface ZoomLinesearchOptions extends ZoomOptions {
  /** First step to try: that of the iteration before (`'keep'`, the default) or 1 (`'one'`, for quasi-Newton directions). */
  initialGuessStrategy?: 'keep' | 'one';
}

const zoomOptions = [
  ...['maxLinesearchSteps', 'maxLearningRate', 'tol', 'increaseFactor', 'slopeRtol', 'curvRtol', 'approxDecRtol'],
  ...['stepsizePrecision', 'initialGuessStrategy'],
];

/** State of the line search. `value` and `grad` are those where the step ends, for the next iteration to take over. */
export interface LinesearchState {
  readonly [name: string]: OptState;
  readonly learningRate: Array;
  readonly value: Array;
  readonly grad: OptState;
  readonly info: { readonly numLinesearchSteps: Array; readonly decreaseError: Array; readonly curvatureError: Array };
}

interface EvaluatedPoint extends LinePoint {
  readonly grad: unknown;
}

/**
 * Updates times the step length found by a search along them for a point that satisfies the strong Wolfe conditions. `update`
 * takes as fourth argument `{ value, grad, valueAndGrad }`, see {@link ExtraArgs}; it runs the function as often as the
 * search needs it and therefore cannot itself be compiled.
 */
export function scaleByZoomLinesearch(options: ZoomLinesearchOptions = {}): GradientTransformation {
  checkOptions(options, zoomOptions, 'scaleByZoomLinesearch');
  return {
    traceable: false,
    init(params): LinesearchState {
      const dtype = parameterDType(params, 'scaleByZoomLinesearch');
      return searched(dtype, 1, { step: 1, value: Infinity, slope: 0, grad: zerosTree(params) }, [
        0,
        Infinity,
        Infinity,
      ]);
    },
    update<P>(updates: P, state: OptState, params?: P, extra?: ExtraArgs<P>): [P, OptState] {
      const evaluate = evaluator(extra);
      const run = along(updates, state, params, extra, options);
      let next = run.next();
      while (!next.done) next = run.next(evaluate(next.value));
      return next.value;
    },
    async updateAsync<P>(updates: P, state: OptState, params?: P, extra?: AsyncExtraArgs<P>): Promise<[P, OptState]> {
      const evaluate = evaluator(extra);
      const run = along(updates, state, params, extra, options);
      let next = run.next();
      while (!next.done) next = run.next(await evaluate(next.value));
      return next.value;
    },
  };
}

/** One line search: yields the parameters at which it wants value and gradient. */
function* along<P>(
  updates: P,
  state: OptState,
  params: P | undefined,
  extra: AsyncExtraArgs<P> | undefined,
  { initialGuessStrategy = 'keep', ...bounds }: ZoomLinesearchOptions,
): Generator<P, [P, OptState], ValueAndGradient<P>> {
  requireParams(params, 'scaleByZoomLinesearch');
  requireNumbers([updates, params], 'scaleByZoomLinesearch');
  const dtype = parameterDType(params, 'scaleByZoomLinesearch');
  const known = extra?.value !== undefined && extra.grad !== undefined;
  const [value, grad] = known ? ([extra.value!, extra.grad!] as const) : yield params as P;
  const direction = vectorOf(updates, params);
  const start = { step: 0, value: toArray(value, 'value').item(), slope: dot(direction, vectorOf(grad, params)) };
  const guess = initialGuessStrategy === 'one' ? 1 : toArray((state as LinesearchState).learningRate, 'state').item();

  const search = zoom<EvaluatedPoint>(start, guess, bounds);
  let next = search.next();
  while (!next.done) {
    const step = next.value;
    const [reached, gradient] = yield mapArrays((p, u) => alongLine(p, u, step), params as P, updates);
    const slope = dot(direction, vectorOf(gradient, params));
    next = search.next({ step, value: toArray(reached, 'value').item(), slope, grad: gradient });
  }
  const { point, evaluations, decreaseError, curvatureError } = next.value;
  const end = point ?? { ...start, grad };
  const scaled = mapArrays((u) => times(end.step, u), updates);
  return [scaled, searched(dtype, end.step, end, [evaluations, decreaseError, curvatureError])];
}

function searched(dtype: DType, step: number, end: EvaluatedPoint, info: readonly number[]): LinesearchState {
  const scalar = (x: number): Array => new ConcreteArray(typedArrayClass(dtype).of(x), []);
  const [numLinesearchSteps, decreaseError, curvatureError] = info.map(scalar) as [Array, Array, Array];
  return {
    learningRate: scalar(step),
    value: scalar(end.value),
    grad: end.grad as OptState,
    info: { numLinesearchSteps, decreaseError, curvatureError },
  };
}

/** step·u rounded to the array's dtype. */
function times(step: number, u: Array): Array {
  const result = new (typedArrayClass(u.dtype))(u.data);
  for (let i = 0; i < result.length; i++) result[i]! *= step;
  return new ConcreteArray(result, u.shape);
}

/** p + step·u with the roundings of applyUpdates, so that the value found is that of the parameters to come, to the bit. */
function alongLine(p: Array, u: Array, step: number): Array {
  const { data } = times(step, u);
  const result = new (typedArrayClass(p.dtype))(p.data);
  for (let i = 0; i < result.length; i++) result[i]! += data[i]!;
  return new ConcreteArray(result, p.shape);
}

/** The function that evaluates. @throws ERR_NABLA_ARGUMENT if there is none */
function evaluator<P, R>(extra: ExtraArgs<P, R> | undefined): (params: P) => R {
  if (typeof extra?.valueAndGrad === 'function') return extra.valueAndGrad;
  if (typeof extra?.valueFn === 'function') return differentiate(extra.valueFn) as never;
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    'the line search needs the function it minimises: update(grads, state, params, { value, valueAndGrad: jit(valueAndGrad(loss)) })',
    { operation: 'scaleByZoomLinesearch' },
  );
}

/**
 * Value and gradient at `params`, taken from the state of a line search that ended there, or computed where there is none yet.
 *
 * ```ts
 * const [value, grad] = optim.valueAndGradFromState(valueAndGrad)(params, state);
 * ```
 */
export function valueAndGradFromState<P>(
  valueAndGrad: (params: P) => ValueAndGradient<P>,
): (params: P, state: OptState) => ValueAndGradient<P> {
  return (params, state) => stateValueAndGrad<P>(state) ?? valueAndGrad(params);
}

/** Value and gradient where the last line search ended, if there was one. */
export function stateValueAndGrad<P>(state: OptState): ValueAndGradient<P> | undefined {
  const found = linesearchState(state);
  return found && Number.isFinite(found.value.item()) ? [found.value, found.grad as P] : undefined;
}

function linesearchState(state: OptState): LinesearchState | undefined {
  if (typeof state !== 'object' || state === null || 'shape' in state) return undefined;
  if ('learningRate' in state && 'value' in state && 'grad' in state) return state as LinesearchState;
  for (const part of Object.values(state)) {
    const found = linesearchState(part as OptState);
    if (found) return found;
  }
  return undefined;
}
