import { createHash } from 'node:crypto';
import type { Array } from '../array/array.js';
import { applyUpdates } from '../optim/apply-updates.js';
import type { GradientTransformation, OptState, ValueAndGradient } from '../optim/transformation.js';
import { stateValueAndGrad } from '../optim/zoom-linesearch.js';
import { toArray } from '../trace/trace.js';
import { evaluate } from '../transform/evaluate.js';
import { valueAndGrad } from '../transform/grad.js';
import { jit } from '../transform/jit.js';
import { flatten } from '../tree/tree.js';
import type { Loss } from './terms.js';

/** What a step leaves behind. */
export interface Stepped<P> {
  readonly params: P;
  readonly state: OptState;
  /** The loss before the step. */
  readonly loss: number;
  /** No parameter changed: the line search found nothing better, and with these data never will. */
  readonly stalled: boolean;
  /** Fingerprint of the data, if this stepper needs to know it. */
  readonly data: string | undefined;
}

export interface StepOptions {
  readonly signal?: AbortSignal;
  readonly threads?: number;
}

export type Stepper<P, D> = (
  params: P,
  state: OptState,
  data: D,
  lastData: string | undefined,
  options: StepOptions,
) => Promise<Stepped<P>>;

/** What takes longer than this runs off the event loop. */
const inPlaceMilliseconds = 4;

/** The way a step is made with this optimizer. */
export function stepperFor<P, D>(loss: Loss<P, D>, optimizer: GradientTransformation): Stepper<P, D> {
  return optimizer.traceable === false ? searching(loss, optimizer) : compiled(loss, optimizer);
}

/**
 * A compiled function called in place as long as it is quick, and otherwise off the event loop, which costs a copy of its
 * arguments. The results are the same, to the bit.
 */
function adaptively<A extends readonly unknown[], R>(
  program: (...args: A) => R,
): (args: A, options: StepOptions) => Promise<R> {
  let inPlace = true;
  return async (args, options) => {
    const begin = performance.now();
    const result = inPlace ? program(...args) : await evaluate<A, R>(program, args as never, options);
    // The first call of all compiles, which says nothing about the next one; that is then judged by itself.
    inPlace = performance.now() - begin < inPlaceMilliseconds;
    return result;
  };
}

/** Loss, gradient, update and new parameters in one program. */
function compiled<P, D>(loss: Loss<P, D>, optimizer: GradientTransformation): Stepper<P, D> {
  type Result = readonly [P, OptState, Array];
  const step = (params: P, state: OptState, data: D): Result => {
    const [value, grads] = (valueAndGrad(loss) as (params: P, data: D) => [Array, P])(params, data);
    const [updates, next] = optimizer.update(grads, state, params);
    return [applyUpdates(params, updates), next, value];
  };
  const run = adaptively<unknown[], unknown>(jit<unknown[], unknown>(step as never));
  return async (params, state, data, _lastData, options) => {
    const [nextParams, nextState, value] = (await run([params, state, data], options)) as Result;
    return { params: nextParams, state: nextState, loss: value.item(), stalled: false, data: undefined };
  };
}

/** A line search: the loss and its gradient as often as it asks for them. */
function searching<P, D>(loss: Loss<P, D>, optimizer: GradientTransformation): Stepper<P, D> {
  const run = adaptively<unknown[], unknown>(jit<unknown[], unknown>(valueAndGrad(loss) as never));
  let known: { data: D; digest: string } | undefined;
  return async (params, state, data, lastData, options) => {
    if (known === undefined || known.data !== data) known = { data, digest: digest(data) };
    const current = { params, state, loss: Number.NaN, stalled: false, data: known.digest };
    // Differences between gradients of two losses say nothing about the curvature of either.
    const before = lastData === undefined || lastData === known.digest ? state : optimizer.init(params);
    const f = (p: P) => run([p, data], options) as Promise<ValueAndGradient<P>>;
    const [value, grad] = stateValueAndGrad<P>(before) ?? (await f(params));
    const loss = value.item();
    if (!Number.isFinite(loss)) return { ...current, loss };
    const extra = { value, grad, valueAndGrad: f };
    const [updates, next] = optimizer.updateAsync
      ? await optimizer.updateAsync(grad, before, params, extra)
      : optimizer.update(grad, before, params);
    const moved = applyUpdates(params, updates);
    return { ...current, params: moved, state: next, loss, stalled: sameNumbers(params, moved) };
  };
}

function sameNumbers(a: unknown, b: unknown): boolean {
  const others = flatten(b).leaves;
  return flatten(a).leaves.every((leaf, i) => {
    const other = toArray(others[i], 'params').data;
    return toArray(leaf, 'params').data.every((x, j) => x === other[j]);
  });
}

/** A fingerprint of all numbers of a tree. */
function digest(tree: unknown): string {
  const hash = createHash('sha256');
  for (const leaf of flatten(tree).leaves) {
    const { data, shape, dtype } = toArray(leaf, 'data');
    hash.update(`${dtype}[${shape}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('base64');
}
