import { createHash } from 'node:crypto';
import type { Array } from '../array/array.js';
import { applyUpdates } from '../optim/apply-updates.js';
import type { GradientTransformation, OptState } from '../optim/transformation.js';
import { valueAndGradFromState } from '../optim/zoom-linesearch.js';
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
  /** No parameter changed: the line search found nothing better, and never will. */
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

/** A step that takes longer than this runs off the event loop, which costs a copy of its inputs. */
const inPlaceMilliseconds = 4;

/** The way a step is made with this optimizer. */
export function stepperFor<P, D>(loss: Loss<P, D>, optimizer: GradientTransformation): Stepper<P, D> {
  return optimizer.traceable === false ? searching(loss, optimizer) : compiled(loss, optimizer);
}

/** Loss, gradient, update and new parameters in one program. */
function compiled<P, D>(loss: Loss<P, D>, optimizer: GradientTransformation): Stepper<P, D> {
  type Result = readonly [P, OptState, Array];
  const program = jit<unknown[], unknown>(((params: P, state: OptState, data: D): Result => {
    const [value, grads] = (valueAndGrad(loss) as (params: P, data: D) => [Array, P])(params, data);
    const [updates, next] = optimizer.update(grads, state, params);
    return [applyUpdates(params, updates), next, value];
  }) as never);
  let inPlace = true;
  return async (params, state, data, _lastData, options) => {
    const begin = performance.now();
    const args = [params, state, data] as const;
    const [nextParams, nextState, value] = (
      inPlace ? program(...args) : await evaluate(program, args as never, options)
    ) as Result;
    // The first call of all compiles, which says nothing about the next one; it is judged by the second.
    inPlace = performance.now() - begin < inPlaceMilliseconds;
    return { params: nextParams, state: nextState, loss: value.item(), stalled: false, data: undefined };
  };
}

/** A line search: the loss and its gradient as often as it asks for them. */
function searching<P, D>(loss: Loss<P, D>, optimizer: GradientTransformation): Stepper<P, D> {
  const program = jit<unknown[], unknown>(valueAndGrad(loss) as never) as (params: P, data: D) => readonly [Array, P];
  let known: { data: D; digest: string } | undefined;
  return async (params, state, data, lastData) => {
    if (known === undefined || known.data !== data) known = { data, digest: digest(data) };
    // Differences between gradients of two losses say nothing about the curvature of either.
    const current = lastData === undefined || lastData === known.digest ? state : optimizer.init(params);
    const f = (p: P) => program(p, data);
    const [value, grad] = valueAndGradFromState(f)(params, current);
    const before = value.item();
    if (!Number.isFinite(before)) return { params, state, loss: before, stalled: false, data: known.digest };
    const [updates, next] = optimizer.update(grad, current, params, { value, grad, valueAndGrad: f });
    const moved = applyUpdates(params, updates);
    return {
      params: moved,
      state: next,
      loss: before,
      stalled: sameNumbers(params, moved),
      data: known.digest,
    };
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
