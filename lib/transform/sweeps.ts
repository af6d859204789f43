import { type Node, topological } from '../graph/node.js';
import { addTangents, jvp, vjp } from '../graph/rules.js';

/** The nodes between `variables` and `outputs`, operands first: those that depend on a variable, the variables included. */
export function region(outputs: readonly Node[], variables: ReadonlySet<Node>): Node[] {
  const dependent = new Set<Node>();
  return topological(outputs, (node) => variables.has(node)).filter((node) => {
    const inside = variables.has(node) || node.inputs.some((x) => dependent.has(x));
    if (inside) dependent.add(node);
    return inside;
  });
}

/** Forward mode: the tangents of `outputs` (null: zero), given those of the variables. One sweep, operands first. */
export function pushForward(outputs: readonly Node[], seeds: ReadonlyMap<Node, Node>): (Node | null)[] {
  const tangents = new Map<Node, Node | null>(seeds);
  for (const node of region(outputs, new Set(seeds.keys()))) {
    if (tangents.has(node)) continue;
    tangents.set(
      node,
      jvp(
        node,
        node.inputs.map((x) => tangents.get(x) ?? null),
      ),
    );
  }
  return outputs.map((node) => tangents.get(node) ?? null);
}

/** Reverse mode: the cotangents of `variables` (null: zero), given those of `outputs`. One sweep, results first. */
export function pullBack(
  outputs: readonly Node[],
  cotangents: readonly (Node | null)[],
  variables: readonly Node[],
): (Node | null)[] {
  const stop = new Set(variables);
  const nodes = region(outputs, stop);
  const inside = new Set(nodes);
  const total = new Map<Node, Node | null>();
  const accumulate = (node: Node, ct: Node | null) => total.set(node, addTangents(total.get(node), ct));
  outputs.forEach((node, i) => {
    if (inside.has(node)) accumulate(node, cotangents[i]!);
  });
  for (const node of nodes.reverse()) {
    const ct = total.get(node);
    if (!ct || stop.has(node)) continue;
    vjp(node, ct, (p) => inside.has(node.inputs[p]!)).forEach((operand, p) => {
      if (operand) accumulate(node.inputs[p]!, operand);
    });
  }
  return variables.map((x) => total.get(x) ?? null);
}
