import type { Array } from '../array/array.js';
import { execute } from '../compile/execute.js';
import { add as addNodes, full } from '../graph/build.js';
import type { Node } from '../graph/node.js';
import { simplify } from '../graph/simplify.js';
import { arrayOf } from '../trace/trace.js';
import { unflatten } from '../tree/tree.js';
import { contractedHessian, type Kept } from './contracted.js';
import {
  checkFunction,
  type Differentiated,
  differentiate,
  liveVariables,
  resultNodes,
  scalarResult,
  transformed,
} from './dispatch.js';
import { derivativeOptions, orZero, perArgument } from './grad.js';
import { pullBack } from './sweeps.js';
import type { Argnums, DerivativeOptions, GradientOf, HessianOf, Inputs, JacobianOf, WithAux } from './types.js';

const zeroShape = (kept: Kept, y: Node, a: Node, b: Node): readonly number[] => {
  if (kept === 'trace') return y.shape;
  return kept === 'diagonal' ? [...y.shape, ...a.shape] : [...y.shape, ...a.shape, ...b.shape];
};

/** The Hessian's tree for one output: in-tree over in-tree, several argnums nested. */
function matrixTree(d: Differentiated, argnums: Argnums, y: Node, blocks: (Node | null)[][]): unknown {
  const variables = d.variables.flat();
  let row = 0;
  const rows = d.variables.map((list) =>
    list.map(() => {
      const i = row++;
      let column = 0;
      const leaves = d.variables.map((inner) =>
        inner.map(() => {
          const j = column++;
          return arrayOf(
            blocks[i]![j] ?? full(0, zeroShape('matrix', y, variables[i]!, variables[j]!), variables[i]!.dtype),
          );
        }),
      );
      return perArgument(argnums, d.structures, leaves);
    }),
  );
  return perArgument(argnums, d.structures, rows);
}

/**
 * The Hessian by contraction, forward over reverse (see `contracted.ts`): for every array of the result,
 * [...out, ...in1, ...in2]; over pytrees and several argnums the arguments' tree stands twice.
 *
 * For N samples map it: `vmap(hessian(u, { argnums: 1 }), [null, 0])(params, X)` has shape [N, d, d].
 * Options and errors as `grad`, but the result may have any shape.
 */
export function hessian<A extends readonly unknown[], R, const N extends Argnums = 0, X extends boolean = false>(
  f: (...args: A) => R,
  options?: DerivativeOptions<N, X>,
): (...args: Inputs<A>) => WithAux<HessianOf<R, A, N>, X> {
  checkFunction(f, 'hessian');
  const { argnums, hasAux } = derivativeOptions(options, 'hessian');
  return transformed(
    'hessian',
    (args) =>
      differentiate('hessian', f, args, argnums, hasAux, (d) => {
        const { nodes, structure } = resultNodes('hessian', d.value);
        const outputs = simplify(nodes, liveVariables);
        const blocks = contractedHessian(outputs, d.variables.flat(), 'matrix');
        const tree = unflatten(
          structure,
          outputs.map((y, o) => matrixTree(d, argnums, y, blocks[o]!)),
        );
        return hasAux ? [tree, d.aux] : tree;
      }),
    execute,
  ) as never;
}

/** What `valueGradHessian` returns. */
export interface ValueGradHessian<A extends readonly unknown[], N> {
  readonly value: Array;
  readonly gradient: GradientOf<A, N>;
  readonly hessian: HessianOf<Array, A, N>;
}

/**
 * Value, gradient and Hessian of a scalar function from the same sweeps: { value: [], gradient: [...in],
 * hessian: [...in1, ...in2] }.
 * @throws as `grad`
 */
export function valueGradHessian<A extends readonly unknown[], const N extends Argnums = 0, X extends boolean = false>(
  f: (...args: A) => unknown,
  options?: DerivativeOptions<N, X>,
): (...args: Inputs<A>) => WithAux<ValueGradHessian<A, N>, X> {
  const what = 'valueGradHessian';
  checkFunction(f, what);
  const { argnums, hasAux } = derivativeOptions(options, what);
  return transformed(
    what,
    (args) =>
      differentiate(what, f, args, argnums, hasAux, (d) => {
        const [y] = simplify([scalarResult(what, d.value, 'use hessian, which takes any shape')], liveVariables);
        const variables = d.variables.flat();
        const cts = pullBack([y!], [full(1, [], y!.dtype)], variables);
        let next = 0;
        const leaves = d.variables.map((list) =>
          list.map(() => {
            const i = next++;
            return arrayOf(orZero(cts[i]!, variables[i]!));
          }),
        );
        const [blocks] = contractedHessian([y!], variables, 'matrix');
        const result = {
          value: arrayOf(y!),
          gradient: perArgument(argnums, d.structures, leaves),
          hessian: matrixTree(d, argnums, y!, blocks!),
        };
        return hasAux ? [result, d.aux] : result;
      }),
    execute,
  ) as never;
}

/**
 * The Laplacian Δf = Σ_i ∂²f/∂x_i², in the shape of the result, summed over all entries of the argument(s): d + 2 passes,
 * and the matrix is never formed. Options and errors as `hessian`.
 */
export function laplacian<A extends readonly unknown[], R, const N extends Argnums = 0, X extends boolean = false>(
  f: (...args: A) => R,
  options?: DerivativeOptions<N, X>,
): (...args: Inputs<A>) => WithAux<R, X> {
  checkFunction(f, 'laplacian');
  const { argnums, hasAux } = derivativeOptions(options, 'laplacian');
  return transformed(
    'laplacian',
    (args) =>
      differentiate('laplacian', f, args, argnums, hasAux, (d) => {
        const { nodes, structure } = resultNodes('laplacian', d.value);
        const outputs = simplify(nodes, liveVariables);
        const blocks = contractedHessian(outputs, d.variables.flat(), 'trace');
        const leaves = outputs.map((y, o) => {
          const traces = blocks[o]!.map((row, i) => row[i]!).filter((x) => x !== null);
          return arrayOf(traces.length > 0 ? traces.reduce(addNodes) : full(0, y.shape, y.dtype));
        });
        const tree = unflatten(structure, leaves);
        return hasAux ? [tree, d.aux] : tree;
      }),
    execute,
  ) as never;
}

/**
 * The diagonal ∂²f/∂x_i², [...out, ...in], without forming the matrix. Options, trees and errors as `jacfwd`.
 */
export function hessianDiagonal<
  A extends readonly unknown[],
  R,
  const N extends Argnums = 0,
  X extends boolean = false,
>(f: (...args: A) => R, options?: DerivativeOptions<N, X>): (...args: Inputs<A>) => WithAux<JacobianOf<R, A, N>, X> {
  checkFunction(f, 'hessianDiagonal');
  const { argnums, hasAux } = derivativeOptions(options, 'hessianDiagonal');
  return transformed(
    'hessianDiagonal',
    (args) =>
      differentiate('hessianDiagonal', f, args, argnums, hasAux, (d) => {
        const { nodes, structure } = resultNodes('hessianDiagonal', d.value);
        const outputs = simplify(nodes, liveVariables);
        const variables = d.variables.flat();
        const blocks = contractedHessian(outputs, variables, 'diagonal');
        const trees = outputs.map((y, o) => {
          let next = 0;
          const leaves = d.variables.map((list) =>
            list.map((x) => {
              const i = next++;
              return arrayOf(blocks[o]![i]![i] ?? full(0, zeroShape('diagonal', y, x, x), x.dtype));
            }),
          );
          return perArgument(argnums, d.structures, leaves);
        });
        const tree = unflatten(structure, trees);
        return hasAux ? [tree, d.aux] : tree;
      }),
    execute,
  ) as never;
}
