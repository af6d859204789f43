import { Array, type DType } from '../array/array.js';
import { isFloat } from '../array/dtype.js';
import { astype } from '../numpy/methods.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { isTraced, toArray } from '../trace/trace.js';
import { jit } from '../transform/jit.js';
import { flatten, map } from '../tree/tree.js';

/** What a transformation remembers from step to step: a plain pytree of arrays, which can be saved. */
export type OptState = Array | null | readonly OptState[] | { readonly [name: string]: OptState };

/** A function's value and its gradient, a tree like the parameters. */
export type ValueAndGradient<P> = readonly [value: Array, gradient: P];

/** What a line search needs to know of the function that is minimised. */
export interface ExtraArgs<P = unknown, R = ValueAndGradient<P>> {
  /** Value and gradient at `params`; computed unless both are given. */
  readonly value?: Array;
  readonly grad?: P;
  /** The function itself; it is recorded at every evaluation. */
  readonly valueFn?: (params: P) => Array;
  /** Value and gradient of the function, compiled by the caller: preferred to `valueFn`. */
  readonly valueAndGrad?: (params: P) => R;
}

/** As {@link ExtraArgs}, where the evaluations may run off the event loop. */
export type AsyncExtraArgs<P = unknown> = ExtraArgs<P, ValueAndGradient<P> | Promise<ValueAndGradient<P>>>;

/**
 * A step of an optimizer: gradients come in, updates to be added to the parameters come out. Nothing is hidden: `update` is a pure
 * function of its arguments, and all memory is in the state.
 */
export interface GradientTransformation {
  /** The state to begin with for parameters of these shapes. Later ones have its form, but for lists that are empty in it. */
  init(params: unknown): OptState;
  /**
   * @param updates gradients, or what a transformation before this one made of them
   * @param params required by those that look at the parameters (weight decay, L-BFGS)
   * @returns [updates, state], the updates a tree like `params`
   */
  update<P>(updates: P, state: OptState, params?: P, extra?: ExtraArgs<P>): [P, OptState];
  /** As `update`, to the same bits, for those whose evaluations of the function may take long. */
  updateAsync?<P>(updates: P, state: OptState, params?: P, extra?: AsyncExtraArgs<P>): Promise<[P, OptState]>;
  /**
   * False for those that decide by the numbers (a line search) and so cannot be recorded into a compiled function. Anything
   * else may be called with traced values and is compiled into one program when it is called with arrays.
   */
  readonly traceable?: boolean;
}

type Update = (updates: unknown, state: OptState, params?: unknown) => [unknown, OptState];

/** A transformation whose update is recorded once per signature and then runs as one program. */
export function traceable(init: GradientTransformation['init'], update: Update): GradientTransformation {
  // The trees' types are the caller's: spelt out here they would be expanded without end.
  const compiled = jit<unknown[], unknown>(update as never);
  // The line search's arguments, which hold functions, are no business of a compiled update.
  return {
    init,
    update: (updates, state, params) => compiled(updates, state, params) as never,
    traceable: true,
  };
}

/** A transformation without memory. */
export function stateless(f: (updates: unknown, params?: unknown) => unknown): GradientTransformation {
  return traceable(
    () => null,
    (updates, state, params) => [f(updates, params), state],
  );
}

/** A tree like `tree`, every leaf an array made from the leaf. */
export function mapArrays<P>(f: (x: Array, ...others: Array[]) => Array, tree: P, ...others: unknown[]): P {
  return map((x, ...rest) => f(toArray(x, 'tree'), ...rest.map((y) => toArray(y, 'tree'))), tree, ...others) as P;
}

/**
 * `x` in the dtype of `like`: a number all leaves share, such as a norm or a learning rate, is of the widest of their dtypes, and
 * must not widen the others.
 */
export const inDTypeOf = (like: Array, x: Array): Array => (x.dtype === like.dtype ? x : astype(x, like.dtype));

/** The leaves of a tree of parameters, all floating-point. @throws ERR_NABLA_DTYPE naming the path of one that is not */
export function parameterLeaves(params: unknown, what: string): Array[] {
  const { leaves, structure } = flatten(params, { what: `${what}: params` });
  return leaves.map((leaf, i) => {
    const x = toArray(leaf, what);
    if (isFloat(x.dtype)) return x;
    const path = structure.paths('params')[i];
    throw new NablaError(
      'ERR_NABLA_DTYPE',
      `${what}: ${path} has dtype ${x.dtype}; parameters are float32 or float64, so convert it with astype or leave it out`,
      { operation: what, path, dtype: x.dtype },
    );
  });
}

/** float64 if a parameter has it, else float32: a step is computed in one precision. */
export function parameterDType(params: unknown, what: string): DType {
  return parameterLeaves(params, what).some((x) => x.dtype === 'float64') ? 'float64' : 'float32';
}

/** @throws ERR_NABLA_ARGUMENT if `update` was called without parameters */
export function requireParams(params: unknown, what: string): void {
  if (params !== undefined && params !== null) return;
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    `${what}: update needs the parameters too: update(gradients, state, params)`,
    { operation: what },
  );
}

/** @throws ERR_NABLA_TRACED if a value is being recorded where numbers are needed */
export function requireNumbers(tree: unknown, what: string): void {
  if (!flatten(tree).leaves.some((x) => x instanceof Array && isTraced(x))) return;
  throw new NablaError(
    'ERR_NABLA_TRACED',
    `${what}: the line search decides by the numbers and cannot be compiled; call update outside jit and pass it a jitted valueAndGrad`,
    { operation: what },
  );
}

/** A number among an optimizer's arguments. @throws ERR_NABLA_OPTION */
export function checkNumber(x: unknown, what: string, test: (x: number) => boolean, expected: string): void {
  if (typeof x === 'number' && test(x)) return;
  throw new NablaError('ERR_NABLA_OPTION', `${what}: expected ${expected} but received ${describe(x)}`, {
    option: what,
    given: x,
  });
}

/** Checks names of options and that those given are numbers. @throws ERR_NABLA_OPTION */
export function checkNumericOptions(options: object | undefined, known: readonly string[], what: string): void {
  checkOptions(options, known, what);
  for (const [name, value] of Object.entries(options ?? {})) {
    if (value === undefined || typeof value === 'boolean' || typeof value === 'function') continue;
    checkNumber(value, `${what}: ${name}`, Number.isFinite, 'a finite number');
  }
}
