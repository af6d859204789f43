import type { Array } from '../array/array.js';
import { formatShape, shapesEqual } from '../array/shape.js';
import { execute } from '../compile/execute.js';
import { full } from '../graph/build.js';
import { simplify } from '../graph/simplify.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { arrayOf, nodeOf, toArray } from '../trace/trace.js';
import { flattenLike, flattenList, type TreeStructure, unflatten } from '../tree/tree.js';
import {
  type AnyFunction,
  callTraced,
  checkFunction,
  differentiate,
  flattenArguments,
  liveVariables,
  resultNodes,
  transformed,
} from './dispatch.js';
import { checkHasAux, grad } from './grad.js';
import { pullBack, pushForward } from './sweeps.js';
import type { Inputs } from './types.js';

/** The tangents (or cotangents) of a list of arrays, which must match them in tree, shape and dtype. */
export function matching(
  what: string,
  given: unknown,
  arrays: readonly { shape: readonly number[]; dtype: string }[],
  structure: TreeStructure,
  names: readonly [string, string],
): Array[] {
  const leaves = flattenLike(structure, given, { what: `${what}: ${names[0]}`, like: names[1] });
  const paths = structure.paths();
  return leaves.map((leaf, i) => {
    const x = arrays[i]!;
    const tangent = toArray(leaf, `${what}: ${names[0]}${paths[i]}`, x.dtype as 'float32');
    if (shapesEqual(tangent.shape, x.shape) && tangent.dtype === x.dtype) return tangent;
    throw new NablaError(
      tangent.dtype === x.dtype ? 'ERR_NABLA_SHAPE' : 'ERR_NABLA_DTYPE',
      `${what}: ${names[0]}${paths[i]} is ${tangent.dtype}${formatShape(tangent.shape)} but ${names[1]}${paths[i]} is ${x.dtype}${formatShape(x.shape)}; they must agree in shape and dtype`,
      { operation: what, path: paths[i], shapes: [tangent.shape, x.shape], dtypes: [tangent.dtype, x.dtype] },
    );
  });
}

export function checkList(x: unknown, what: string, name: string): asserts x is readonly unknown[] {
  if (globalThis.Array.isArray(x)) return;
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    `${what}: expected a list with one entry an argument for ${name} but received ${describe(x)}`,
    {
      operation: what,
      given: x,
    },
  );
}

export interface JvpOptions<X extends boolean = boolean> {
  /** The function returns [value, aux], and aux is passed through. */
  hasAux?: X;
}

/**
 * Value and directional derivative in one sweep forward: [f(primals), ∂f(primals)·tangents] and, with `hasAux`, aux.
 * @param tangents as primals, in tree, shapes and dtypes
 * @throws ERR_NABLA_TREE, ERR_NABLA_SHAPE, ERR_NABLA_DTYPE where they differ
 */
export function jvp<A extends readonly unknown[], R, X extends boolean = false>(
  f: (...args: A) => R,
  primals: Inputs<A>,
  tangents: Inputs<A>,
  options?: JvpOptions<X>,
): X extends true ? [R, R, unknown] : [R, R] {
  checkFunction(f, 'jvp');
  checkOptions(options, ['hasAux'], 'jvp');
  checkHasAux(options?.hasAux ?? false, 'jvp');
  checkList(primals, 'jvp', 'primals');
  checkList(tangents, 'jvp', 'tangents');
  const { arrays, structure } = flattenArguments(primals, 'jvp');
  const directions = matching('jvp', tangents, arrays, structure, ['tangents', 'primals']);
  const call = transformed(
    'jvp',
    (args) => {
      const [points, along] = args as [unknown[], Array[]];
      const positions = points.map((_, i) => i);
      return differentiate('jvp', f as AnyFunction, points, positions, options?.hasAux ?? false, (d) => {
        const { nodes, structure: out } = resultNodes('jvp', d.value);
        const outputs = simplify(nodes, liveVariables);
        const variables = d.variables.flat();
        const seeds = new Map(variables.map((x, i) => [x, nodeOf(along[i]!)]));
        const derivative = pushForward(outputs, seeds).map((t, i) =>
          arrayOf(t ?? full(0, outputs[i]!.shape, outputs[i]!.dtype)),
        );
        const result = [unflatten(out, outputs.map(arrayOf)), unflatten(out, derivative)];
        return options?.hasAux ? [...result, d.aux] : result;
      });
    },
    execute,
  );
  return call(unflatten<unknown[]>(structure, arrays), directions) as never;
}

/**
 * Value and pullback: [f(primals), pullback, aux?], where pullback(cotangent) is the list of the arguments' cotangents
 * ∂fᵀ·cotangent. The cotangent is as the result, in tree, shapes and dtypes.
 */
export function vjp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...primals: Inputs<A>
): [R, (cotangent: unknown) => A] {
  checkFunction(f, 'vjp');
  const { arrays, structure } = flattenArguments(primals, 'vjp');
  const points = unflatten<unknown[]>(structure, arrays);
  const value = transformed('vjp', (args) => callTraced('vjp', f as AnyFunction, args), execute)(...points) as R;
  const shapes = flattenList([value]);
  const pull = transformed(
    'vjp',
    (args) => {
      const [at, cts] = args as [unknown[], Array[]];
      const positions = at.map((_, i) => i);
      return differentiate('vjp', f as AnyFunction, at, positions, false, (d) => {
        const { nodes } = resultNodes('vjp', d.value);
        const variables = d.variables.flat();
        const pulled = pullBack(simplify(nodes, liveVariables), cts.map(nodeOf), variables);
        let next = 0;
        return d.structures.map((s, k) =>
          unflatten(
            s,
            d.variables[k]!.map((x) => arrayOf(pulled[next++] ?? full(0, x.shape, x.dtype))),
          ),
        );
      });
    },
    execute,
  );
  const pullback = (cotangent: unknown) => {
    const outputs = shapes.leaves as Array[];
    return pull(points, matching('vjp', [cotangent], outputs, shapes.structure, ['cotangent', 'result']));
  };
  return [value, pullback as never];
}

/**
 * Value and the linear map tangent ↦ ∂f(primals)·tangent: [f(primals), f_jvp]. Of `grad(f)`, f_jvp is a Hessian-vector
 * product at a fixed point.
 */
export function linearize<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...primals: Inputs<A>
): [R, (...tangents: Inputs<A>) => R] {
  checkFunction(f, 'linearize');
  const { arrays, structure } = flattenArguments(primals, 'linearize');
  const points = unflatten<unknown[]>(structure, arrays);
  const value = transformed(
    'linearize',
    (args) => callTraced('linearize', f as AnyFunction, args),
    execute,
  )(...points) as R;
  return [value, (...tangents) => jvp(f, points as never, tangents)[1]];
}

/**
 * The Hessian-vector product ∂²f(primals)·tangents of a scalar function, forward over reverse, without the matrix: a tree like
 * the primals' first argument for one argument, a list for several. Four passes whatever d is.
 * @param primals list of arguments; @param tangents as primals
 */
export function hvp<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  primals: Inputs<A>,
  tangents: Inputs<A>,
): A[0] {
  checkFunction(f, 'hvp');
  checkList(primals, 'hvp', 'primals');
  const positions = primals.map((_: unknown, i: number) => i);
  const g = grad(f as AnyFunction, { argnums: positions.length === 1 ? 0 : positions });
  return jvp(g as AnyFunction, primals as never, tangents as never)[1] as never;
}
