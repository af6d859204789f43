import type { Array } from '../array/array.js';
import { execute } from '../compile/execute.js';
import { full } from '../graph/build.js';
import type { Node } from '../graph/node.js';
import { simplify } from '../graph/simplify.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { arrayOf } from '../trace/trace.js';
import { type TreeStructure, unflatten } from '../tree/tree.js';
import {
  checkFunction,
  type Differentiated,
  differentiate,
  liveVariables,
  scalarResult,
  transformed,
} from './dispatch.js';
import { byRows, gradientOfGradient, rememberGradient } from './gradient-of-gradient.js';
import { pullBack } from './sweeps.js';
import type { Argnums, DerivativeOptions, GradientOf, Inputs, WithAux } from './types.js';

/**
 * The options of a derivative, with their defaults.
 * @throws ERR_NABLA_OPTION for one that there is not, or of the wrong type
 */
export function derivativeOptions(given: DerivativeOptions | undefined, what: string): Required<DerivativeOptions> {
  checkOptions(given, ['argnums', 'hasAux'], what);
  const { argnums = 0, hasAux = false } = given ?? {};
  const list: readonly unknown[] = globalThis.Array.isArray(argnums) ? argnums : [argnums];
  checkOption(
    list.length > 0 && list.every(Number.isInteger),
    what,
    'argnums',
    'an integer or a list of integers',
    argnums,
  );
  checkHasAux(hasAux, what);
  return { argnums, hasAux };
}

export const checkHasAux = (hasAux: unknown, what: string): void =>
  checkOption(typeof hasAux === 'boolean', what, 'hasAux', 'true or false', hasAux);

function checkOption(valid: boolean, what: string, option: string, expected: string, given: unknown): void {
  if (valid) return;
  throw new NablaError(
    'ERR_NABLA_OPTION',
    `${what}: expected ${expected} for ${option} but received ${describe(given)}`,
    {
      operation: what,
      option,
      given,
    },
  );
}

/** Zeros where a variable has no influence. */
export const orZero = (ct: Node | null, x: Node): Node => ct ?? full(0, x.shape, x.dtype);

/** A list over argnums of trees over their structures; bare if argnums is one number. */
export function perArgument(
  argnums: Argnums,
  structures: readonly TreeStructure[],
  leaves: readonly (readonly unknown[])[],
): unknown {
  const trees = structures.map((structure, k) => unflatten(structure, leaves[k]!));
  return typeof argnums === 'number' ? trees[0] : trees;
}

/** ∂y/∂x of every variable x, null where it is zero; y is `result`, simplified. */
function cotangents(result: Node, y: Node, variables: readonly Node[]): (Node | null)[] {
  const second = variables.length === 1 ? gradientOfGradient(result, variables[0]!) : undefined;
  if (second !== undefined) return [second];
  const cts = pullBack([y], [full(1, [], y.dtype)], variables);
  cts.forEach((ct, i) => ct && rememberGradient(ct, y, variables[i]!));
  return cts;
}

/** The part of a differentiated call that grad and valueAndGrad share. */
function gradient(what: string, d: Differentiated, argnums: Argnums): { value: Array; gradient: unknown } {
  const result = scalarResult(what, d.value, 'use jacrev or jacfwd for the Jacobian, hessian for second derivatives');
  const y = byRows(simplify([result], liveVariables)[0]!);
  const variables = d.variables.flat();
  const cts = cotangents(result, y, variables).map((ct, i) => orZero(ct, variables[i]!));
  let next = 0;
  const leaves = d.variables.map((list) => list.map(() => arrayOf(cts[next++]!)));
  return { value: arrayOf(y), gradient: perArgument(argnums, d.structures, leaves) };
}

/**
 * The gradient of a scalar function, by one sweep back: ∇f in the shape of the argument(s).
 *
 * @param f returns a scalar (shape []), or [scalar, aux] with `hasAux`
 * @returns a function of the same arguments. One position in `argnums`: a tree like that argument; a list: a list of trees.
 *   With `hasAux`: [gradient, aux].
 * @throws ERR_NABLA_NOT_SCALAR, ERR_NABLA_DTYPE, ERR_NABLA_ARGUMENT, ERR_NABLA_AUX when called
 */
export function grad<A extends readonly unknown[], const N extends Argnums = 0, X extends boolean = false>(
  f: (...args: A) => unknown,
  options?: DerivativeOptions<N, X>,
): (...args: Inputs<A>) => WithAux<GradientOf<A, N>, X> {
  checkFunction(f, 'grad');
  const { argnums, hasAux } = derivativeOptions(options, 'grad');
  return transformed(
    'grad',
    (args) =>
      differentiate('grad', f, args, argnums, hasAux, (d) => {
        const { gradient: g } = gradient('grad', d, argnums);
        return hasAux ? [g, d.aux] : g;
      }),
    execute,
  ) as never;
}

/**
 * Value and gradient from the same sweeps: [f, ∇f], with `hasAux` [[f, aux], ∇f]. Otherwise as `grad`.
 */
export function valueAndGrad<A extends readonly unknown[], const N extends Argnums = 0, X extends boolean = false>(
  f: (...args: A) => unknown,
  options?: DerivativeOptions<N, X>,
): (...args: Inputs<A>) => [WithAux<Array, X>, GradientOf<A, N>] {
  checkFunction(f, 'valueAndGrad');
  const { argnums, hasAux } = derivativeOptions(options, 'valueAndGrad');
  return transformed(
    'valueAndGrad',
    (args) =>
      differentiate('valueAndGrad', f, args, argnums, hasAux, (d) => {
        const { value, gradient: g } = gradient('valueAndGrad', d, argnums);
        return [hasAux ? [value, d.aux] : value, g];
      }),
    execute,
  ) as never;
}
