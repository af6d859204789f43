import { shapesEqual } from '../array/shape.js';
import { batch, broadcastTo, constantLike, eye, mul, reshape } from '../graph/build.js';
import { elementwiseRule } from '../graph/elementwise.js';
import { MapAxis, type Node } from '../graph/node.js';
import { addTangents, jvp } from '../graph/rules.js';

/**
 * A value inside a chain of elementwise operations, seen as a function of the chain's `root`: value = g(root), entry by
 * entry, with g' and g'' known per entry. An activation of any make, `x·sigmoid(x)` or the user's own, is one such chain,
 * so its d tangents cost one product each and its curvature one Gram product, whatever it is composed of.
 */
export interface Chain {
  readonly root: Node;
  /** g' (null: 0) and g'' (null: 0), in the shape of the root or scalar. */
  readonly first: Node | null;
  readonly second: Node | null;
  /** g''/g', where the chain is linear but for its last operation, for which it is simple. */
  readonly ratio?: Node;
}

/** The chains of all nodes between `variables` and `outputs`. A node that is its own root starts one. */
export function chainsOf(nodes: readonly Node[], variables: ReadonlySet<Node>): Map<Node, Chain> {
  const chains = new Map<Node, Chain>();
  for (const node of nodes) chains.set(node, chainOf(node, variables, chains));
  return chains;
}

function chainOf(node: Node, variables: ReadonlySet<Node>, chains: ReadonlyMap<Node, Chain>): Chain {
  const start: Chain = { root: node, first: constantLike(1, node), second: null };
  const rule = elementwiseRule(node.op);
  if (!rule || variables.has(node)) return start;
  const operands = node.inputs.map((x) => (x.dtype === 'bool' ? undefined : chains.get(x))); // predicates have no tangent
  const root = operands.find((chain) => chain !== undefined)?.root;
  // A mixture of roots, a change of shape or of sample axes begins anew.
  if (rule.predicate || root === undefined || !operands.every((chain) => chain === undefined || chain.root === root))
    return start;
  const fits =
    shapesEqual(root.shape, node.shape) && root.axes.length === node.axes.length && root.dtype === node.dtype;
  if (!fits) return start;

  // g = f(a_1, a_2, …), a_p = g_p(root):  g' = Σ f_p g_p',  g'' = Σ f_p g_p'' + Σ f_pq g_p' g_q'.
  const partials = rule.first(node.inputs, node);
  const seconds = rule.second(node.inputs, node);
  let first: Node | null = null;
  let second: Node | null = null;
  operands.forEach((a, p) => {
    if (!a) return;
    const fp = partials[p];
    if (fp && a.first) first = addTangents(first, mul(fp, a.first));
    if (fp && a.second) second = addTangents(second, mul(fp, a.second));
    operands.forEach((b, q) => {
      const fpq = seconds[p]![q];
      if (b && fpq && a.first && b.first) second = addTangents(second, mul(fpq, mul(a.first, b.first)));
    });
  });
  // Behind a linear a, g' = f' a' and g'' = f'' a'².
  const [a] = operands;
  const ratio = a?.first && !a.second ? rule.ratio?.(node.inputs[0]!, node) : undefined;
  return { root, first, second, ...(ratio && { ratio: mul(ratio, a!.first!) }) };
}

/** One family of tangents: those of all directions of one variable, as one value mapped over the directions' axis. */
export interface Tangents {
  readonly axis: MapAxis;
  /** The tangents of a node of the region, or null where they are zero. */
  of(node: Node): Node | null;
}

/** The tangents along the standard basis of `variable`, worked out on demand. */
export function tangentsAlong(
  variable: Node,
  nodes: readonly Node[],
  chains: ReadonlyMap<Node, Chain>,
  size: number,
): Tangents {
  const axis = new MapAxis(size, 'tangents');
  const known = new Map<Node, Node | null>([[variable, basis(variable, axis)]]);
  const of = (node: Node): Node | null => known.get(node) ?? null;
  for (const node of nodes) {
    if (known.has(node)) continue;
    const chain = chains.get(node)!;
    if (chain.root !== node) {
      const along = of(chain.root);
      known.set(node, along && chain.first && scaled(chain.first, along, node));
    } else {
      known.set(node, jvp(node, node.inputs.map(of)));
    }
  }
  return { axis, of };
}

const scaled = (factor: Node, tangent: Node, node: Node): Node => broadcastTo(mul(factor, tangent), node.shape);

/** The standard basis of x's entries, mapped over `axis`: basis vector i is 1 at entry i. */
export function basis(x: Node, axis: MapAxis): Node {
  return reshape(batch(eye(axis.size, x.dtype), 1, axis), x.shape);
}
