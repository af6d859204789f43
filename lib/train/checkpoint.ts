import { access } from 'node:fs/promises';
import { Array, type ConcreteArray } from '../array/array.js';
import type { OptState } from '../optim/transformation.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { flatten, flattenLike } from '../tree/tree.js';
import type { Best } from './early-stop.js';
import { otherForm } from './same-form.js';
import { load, save } from './tree-file.js';

/** Where a training is saved, and how often. */
export interface CheckpointOptions {
  /** The file; if there is one, the training goes on where it was written. */
  path: string;
  /** Steps between two savings: 1000 unless said otherwise. It is saved at the end and when the signal is aborted, too. */
  every?: number;
}

/** All that a training needs to go on to the same bits. */
export interface TrainingState<P> {
  readonly params: P;
  readonly state: OptState;
  /** Steps made. */
  readonly step: number;
  /** The loss of every step made. */
  readonly losses: readonly number[];
  readonly best: Best;
  /** Fingerprint of the data of the last step, where the optimizer has to know whether they change. */
  readonly data: string | undefined;
}

/** @throws ERR_NABLA_OPTION */
export function checkpointOptions(given: string | CheckpointOptions | undefined): CheckpointOptions | undefined {
  if (given === undefined || typeof given === 'string') return given === undefined ? undefined : { path: given };
  checkOptions(given, ['path', 'every'], 'fit: checkpoint');
  return given;
}

export async function saveTraining<P>(path: string, training: TrainingState<P>): Promise<void> {
  const { losses, best, data, ...rest } = training;
  await save(path, {
    ...rest,
    losses: Float64Array.from(losses),
    best,
    // A tree holds no text: the fingerprint as bytes.
    data: data === undefined ? null : Uint32Array.from(data, (c) => c.charCodeAt(0)),
  });
}

/**
 * The training saved in a file, or undefined if there is no such file.
 * @param params those given to `fit`, which the saved ones must resemble
 * @param initial the optimizer's state to begin with, whose form the saved one must have
 * @throws (rejects with) ERR_NABLA_TREE or ERR_NABLA_ARGUMENT for the file of another training
 */
export async function loadTraining<P>(
  path: string,
  params: P,
  initial: OptState,
): Promise<TrainingState<P> | undefined> {
  try {
    await access(path);
  } catch {
    return undefined;
  }
  const file = (await load(path)) as Record<string, unknown>;
  const { leaves, structure } = flatten(params);
  const saved = flattenLike<Array>(structure, file.params, { what: `${path}: params`, like: 'the parameters given' });
  saved.forEach((x, i) => {
    const given = leaves[i];
    if (!(given instanceof Array) || (x.dtype === given.dtype && String(x.shape) === String(given.shape))) return;
    const name = structure.paths('params')[i];
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `fit: ${path} holds another training: there ${name} is ${x.dtype}[${x.shape}], here ${given.dtype}[${given.shape}]`,
      { operation: 'fit', path: name },
    );
  });
  const place = otherForm(file.state, initial);
  if (place !== undefined) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `fit: ${path} was written with another optimizer: its ${place} is not what this one keeps there. Give the optimizer it was ` +
        'written with; to go on with another one, begin anew from the parameters in the file (train.load)',
      { operation: 'fit', path: place },
    );
  }
  return {
    params: file.params as P,
    state: file.state as OptState,
    step: file.step as number,
    losses: [...(file.losses as ConcreteArray).data],
    best: file.best as Best,
    data: file.data === null ? undefined : String.fromCharCode(...(file.data as ConcreteArray).data),
  };
}
