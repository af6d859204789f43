import { size } from '../array/shape.js';
import { execute } from '../compile/execute.js';
import { broadcastTo, full, reshape, unbatch } from '../graph/build.js';
import { materialize } from '../graph/materialize.js';
import { MapAxis, type Node } from '../graph/node.js';
import { simplify } from '../graph/simplify.js';
import { arrayOf } from '../trace/trace.js';
import { unflatten } from '../tree/tree.js';
import { checkFunction, differentiate, liveVariables, resultNodes, transformed } from './dispatch.js';
import { derivativeOptions, perArgument } from './grad.js';
import { pullBack, region } from './sweeps.js';
import { basis, chainsOf, tangentsAlong } from './tangents.js';
import type { Argnums, DerivativeOptions, Inputs, JacobianOf, WithAux } from './types.js';

/** Blocks ∂y/∂x, [...y, ...x], for every output and every variable. */
type Blocks = (outputs: readonly Node[], variables: readonly Node[]) => Node[][];

/** Forward: the d tangents of every variable in one sweep, d columns wide. */
export const forwardBlocks: Blocks = (outputs, variables) => {
  const wrt = new Set(variables);
  const nodes = region(outputs, wrt);
  const chains = chainsOf(nodes, wrt);
  const columns = variables.map((x) => {
    const along = tangentsAlong(x, nodes, chains, size(x.shape));
    const blocks = outputs.map((y) => {
      const tangent = along.of(y);
      return tangent
        ? unbatch(broadcastTo(tangent, y.shape), y.shape.length, along.axis)
        : full(0, [...y.shape, along.axis.size], y.dtype);
    });
    return materialize(blocks, along.axis);
  });
  return outputs.map((y, o) => variables.map((x, i) => reshape(columns[i]![o]!, [...y.shape, ...x.shape])));
};

/** Backward: the m adjoints of every output in one sweep back. */
export const reverseBlocks: Blocks = (outputs, variables) =>
  outputs.map((y) => {
    const axis = new MapAxis(size(y.shape), 'adjoints');
    const cts = pullBack([y], [basis(y, axis)], variables);
    const rows = materialize(
      cts.map((ct, i) =>
        ct ? unbatch(ct, 0, axis) : full(0, [axis.size, ...variables[i]!.shape], variables[i]!.dtype),
      ),
      axis,
    );
    return rows.map((row, i) => reshape(row, [...y.shape, ...variables[i]!.shape]));
  });

function jacobian(what: string, blocksOf: Blocks) {
  return <A extends readonly unknown[], R, const N extends Argnums = 0, X extends boolean = false>(
    f: (...args: A) => R,
    options?: DerivativeOptions<N, X>,
  ): ((...args: Inputs<A>) => WithAux<JacobianOf<R, A, N>, X>) => {
    checkFunction(f, what);
    const { argnums, hasAux } = derivativeOptions(options, what);
    return transformed(
      what,
      (args) =>
        differentiate(what, f, args, argnums, hasAux, (d) => {
          const { nodes, structure } = resultNodes(what, d.value);
          const blocks = blocksOf(simplify(nodes, liveVariables), d.variables.flat());
          const tree = unflatten(
            structure,
            blocks.map((row) => {
              let next = 0;
              const leaves = d.variables.map((list) => list.map(() => arrayOf(row[next++]!)));
              return perArgument(argnums, d.structures, leaves);
            }),
          );
          return hasAux ? [tree, d.aux] : tree;
        }),
      execute,
    ) as never;
  };
}

/**
 * The Jacobian by forward sweeps: for every array of the result and every one of the argument(s), [...out, ...in]. Costs one
 * pass per input; right for few inputs. Options and errors as `grad`, but the result may have any shape.
 */
export const jacfwd = jacobian('jacfwd', forwardBlocks);

/** The Jacobian by sweeps back: as `jacfwd`, but one pass per output; right for few outputs. */
export const jacrev = jacobian('jacrev', reverseBlocks);
