import { type GradientTransformation, mapArrays, type OptState } from '../optim/transformation.js';
import { describe } from '../runtime/describe.js';
import { AbortError, NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import {
  type CheckpointOptions,
  checkpointOptions,
  loadTraining,
  saveTraining,
  type TrainingState,
} from './checkpoint.js';
import { better, type EarlyStop, earlyStopper, type StopReason } from './early-stop.js';
import { notFinite, type Situation, spoiltParams } from './non-finite.js';
import { Progress, type ProgressStream } from './progress.js';
import { stepperFor } from './stepper.js';
import type { Loss } from './terms.js';

/** What a step was like; see `onStep`. */
export interface StepReport<P> {
  /** Steps made, this one included. */
  readonly step: number;
  /** The loss this step began with. */
  readonly loss: number;
  /** The parameters this step ended with. */
  readonly params: P;
}

export interface FitOptions<P, D> {
  /** The loss, a scalar function of parameters and data; made by `train.meanSquares` it can say which term stopped being finite. */
  loss: Loss<P, D>;
  /** The parameters to begin with. */
  params: P;
  optimizer: GradientTransformation;
  /** Steps in all, those of a checkpoint included. */
  steps: number;
  /**
   * The second argument of the loss: a tree of arrays, or a function of the number of steps made that returns one (points drawn
   * anew, minibatches). So that a training can be resumed the function must depend on nothing else: draw with
   * `random.foldIn(key, step)`. With L-BFGS data that change make it begin anew, so let them change rarely; and a function's data
   * may change, so that a step that finds nothing better does not end the training.
   */
  data?: D | ((step: number) => D);
  /** Aborting it ends the training with an AbortError after the step under way; with `checkpoint` it is saved first. */
  signal?: AbortSignal;
  /** Called after every step; returning `'stop'` ends the training. */
  onStep?: (report: StepReport<P>) => unknown;
  /** Whether to end before the last step. */
  earlyStop?: EarlyStop;
  /** A file to save the training to, and to resume it from: a path, or { path, every }. */
  checkpoint?: string | CheckpointOptions;
  /** Show progress on stderr: by default if that is a terminal. A stream to show it there instead. */
  progress?: boolean | ProgressStream;
  /** At most so many threads for steps that run off the event loop; the result does not depend on it. */
  threads?: number;
}

export interface FitResult<P> {
  readonly params: P;
  /** The optimizer's state, for `init`-free continuation by hand. */
  readonly state: OptState;
  /** Steps made, those of earlier runs included. */
  readonly step: number;
  /** The loss each step began with. */
  readonly losses: Float64Array;
  /** The last of them; NaN if no step was made. */
  readonly loss: number;
  readonly reason: StopReason;
}

const fitOptions = [
  ...[
    'loss',
    'params',
    'optimizer',
    'steps',
    'data',
    'signal',
    'onStep',
    'earlyStop',
    'checkpoint',
    'progress',
    'threads',
  ],
];

/** The event loop gets its turn at least this often. */
const turnMilliseconds = 8;

/**
 * Minimises a loss. Gradient and update of a first-order optimizer are one compiled program; steps that take long run on native
 * threads while the event loop goes on. The same arguments give the same bits, whether in one go or resumed from checkpoints.
 *
 * ```ts
 * const { params, losses } = await train.fit({
 *   loss, params: model.init(key, X), data, optimizer: optim.adam(1e-3), steps: 10_000, checkpoint: 'burgers.json',
 * });
 * ```
 * @throws (rejects with) AbortError; ERR_NABLA_NOT_FINITE saying where the loss or, at the end and at checkpoints, the parameters
 *   stopped being finite, with the last good parameters as `details.params`; ERR_NABLA_OPTION, ERR_NABLA_ARGUMENT; and whatever
 *   loss, data or callbacks throw
 */
export async function fit<P, D = undefined>(options: FitOptions<P, D>): Promise<FitResult<P>> {
  check(options);
  const { loss, optimizer, steps, data, signal, onStep, earlyStop, threads } = options;
  const stopper = earlyStopper(earlyStop);
  const checkpoint = checkpointOptions(options.checkpoint);
  const dataAt = typeof data === 'function' ? (data as (step: number) => D) : () => data as D;
  const makeStep = stepperFor(loss, optimizer);

  // Lists of numbers as the arrays they are to the optimizer, so that a file written before the first step has them too.
  const params = mapArrays((x) => x, options.params);
  const initial = optimizer.init(params);
  const saved = checkpoint && (await loadTraining(checkpoint.path, params, initial));
  let now: TrainingState<P> = saved ?? {
    params,
    state: initial,
    step: 0,
    losses: [],
    best: { loss: Infinity, step: 0 },
    data: undefined,
  };
  // One list that grows, not a copy a step.
  const losses = [...now.losses];
  let before: Situation<P, D> | undefined;
  // Within the training the next loss tells of parameters that are not finite; where they leave it, nothing else would.
  const leave = async (): Promise<void> => {
    const error = spoiltParams(loss, now.step, now.params, before);
    if (error) throw error;
    if (checkpoint) await saveTraining(checkpoint.path, { ...now, losses });
  };
  const stream = progressStream(options.progress);
  const progress = stream && new Progress(stream, steps, now.step);
  let reason: StopReason | undefined;
  let turn = performance.now();
  try {
    // A training that was resumed after it had ended ends at once, and for the same reason.
    if (losses.length > 0) reason = stopper(now.step, losses.at(-1)!, now.best);
    while (reason === undefined && now.step < steps) {
      if (signal?.aborted) throw new AbortError(signal.reason);
      const situation = { params: now.params, data: dataAt(now.step) };
      const made = await makeStep(now.params, now.state, situation.data, now.data, { signal, threads });
      if (!Number.isFinite(made.loss)) throw notFinite(loss, now.step, made.loss, situation, before);
      before = situation;
      losses.push(made.loss);
      const step = now.step + 1;
      const best = better(now.best, step, made.loss, earlyStop);
      now = { params: made.params, state: made.state, step, losses, best, data: made.data };
      progress?.update(step, made.loss);
      const asked = onStep?.({ step, loss: made.loss, params: now.params });
      // Where the data come from a function, those of a later step may be others.
      const stalled = made.stalled && typeof data !== 'function';
      reason = stopper(step, made.loss, best) ?? (stalled ? 'stalled' : asked === 'stop' ? 'callback' : undefined);
      if (checkpoint && step % (checkpoint.every ?? 1000) === 0) await leave();
      if (performance.now() - turn > turnMilliseconds) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    }
    await leave();
  } catch (error) {
    if (error instanceof AbortError) await leave();
    throw error;
  } finally {
    progress?.end(now.step, losses.at(-1) ?? Number.NaN);
  }
  return {
    params: now.params,
    state: now.state,
    step: now.step,
    losses: Float64Array.from(losses),
    loss: losses.at(-1) ?? Number.NaN,
    reason: reason ?? 'steps',
  };
}

function progressStream(progress: boolean | ProgressStream | undefined): ProgressStream | undefined {
  if (typeof progress === 'object') return progress;
  return (progress ?? process.stderr.isTTY) ? process.stderr : undefined;
}

function check(options: FitOptions<never, never>): void;
function check(options: object): void;
function check(options: object): void {
  checkOptions(options, fitOptions, 'fit');
  const { loss, optimizer, steps } = (options ?? {}) as Record<string, unknown>;
  const refuse = (name: string, expected: string, given: unknown): never => {
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `fit: expected ${name} to be ${expected} but received ${describe(given)}`,
      {
        operation: 'fit',
        option: name,
        given,
      },
    );
  };
  if (typeof loss !== 'function') refuse('loss', 'a function (params, data) => scalar', loss);
  if (typeof (optimizer as GradientTransformation | undefined)?.update !== 'function')
    refuse('optimizer', 'an optimizer such as optim.adam(1e-3)', optimizer);
  if (!(Number.isInteger(steps) && (steps as number) >= 0)) refuse('steps', 'a number of steps', steps);
}
