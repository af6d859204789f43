import { rebuild } from '../graph/build.js';
import { type Node, topological } from '../graph/node.js';

export type { Node } from '../graph/node.js';

/** Which of `nodes` use each node; an output has `undefined` among its users. */
export function usersOf(nodes: readonly Node[], outputs: readonly Node[]): Map<Node, (Node | undefined)[]> {
  const users = new Map<Node, (Node | undefined)[]>();
  const add = (x: Node, user: Node | undefined) => {
    const list = users.get(x);
    if (list) list.push(user);
    else users.set(x, [user]);
  };
  for (const node of nodes) for (const x of node.inputs) add(x, node);
  for (const node of outputs) add(node, undefined);
  return users;
}

/** Replaces every node by `step` of it (its operands replaced before), given its users in the graph as it was. */
export function rebuildGraph(
  outputs: readonly Node[],
  step: (node: Node, users: readonly (Node | undefined)[]) => Node,
): Node[] {
  const nodes = topological(outputs);
  const users = usersOf(nodes, outputs);
  const done = new Map<Node, Node>();
  for (const node of nodes) {
    const moved = rebuild(
      node,
      node.inputs.map((x) => done.get(x)!),
    );
    done.set(node, step(moved, users.get(node) ?? []));
  }
  return outputs.map((node) => done.get(node)!);
}

/** What `node` is made of in the end, in order: its operands, or, of those that are parts of it, their operands. */
export function spread(node: Node, isPart: (x: Node) => boolean): Node[] {
  const found: Node[] = [];
  const stack = node.inputs.toReversed();
  for (let x = stack.pop(); x; x = stack.pop()) {
    if (isPart(x)) stack.push(...x.inputs.toReversed());
    else found.push(x);
  }
  return found;
}
