import type { Graph, MapAxis, Node } from './node.js';
import { topological } from './node.js';

/** A graph as text: `%7 = tanh %6 : float32[20] over batch(32)`, one line a value. */
export function printGraph(graph: Graph): string {
  const names = new Map<Node, string>(graph.inputs.map((node, i) => [node, `input${i}`]));
  const axes = new Map<MapAxis, string>();
  const axisName = (axis: MapAxis): string => {
    let name = axes.get(axis);
    if (name === undefined) {
      const same = [...axes.keys()].filter((other) => other.name === axis.name).length;
      name = same === 0 ? axis.name : `${axis.name}${same + 1}`;
      axes.set(axis, name);
    }
    return name;
  };
  const type = (node: Node): string => {
    const over = node.axes.map((axis) => `${axisName(axis)}(${axis.size})`).join(', ');
    return `${node.dtype}[${node.shape.join(', ')}]${over ? ` over ${over}` : ''}`;
  };
  const lines = graph.inputs.map((node, i) => `input${i} : ${type(node)}`);
  const operand = (node: Node): string => {
    const value = node.op === 'constant' ? node.attrs.value! : undefined;
    return value?.kind === 'full' ? String(value.value) : names.get(node)!;
  };
  for (const node of topological(graph.outputs)) {
    if (node.op === 'input' || (node.op === 'constant' && node.attrs.value!.kind === 'full')) continue;
    const name = `%${names.size - graph.inputs.length}`;
    names.set(node, name);
    lines.push(
      `${name} = ${[node.op, attributes(node, axisName), ...node.inputs.map(operand)].filter(Boolean).join(' ')} : ${type(node)}`,
    );
  }
  lines.push(`return ${graph.outputs.map(operand).join(', ')}`);
  return lines.join('\n');
}

function attributes(node: Node, axisName: (axis: MapAxis) => string): string {
  const { labels, out, start, dim, axis, value } = node.attrs;
  switch (node.op) {
    case 'einsum': {
      const letters = new Map<number, string>();
      const letter = (label: number): string => {
        if (!letters.has(label)) letters.set(label, String.fromCharCode(105 + (letters.size % 18)));
        return letters.get(label)!;
      };
      return `${labels!.map((list) => list.map(letter).join('')).join(',')}->${out!.map(letter).join('')}`;
    }
    case 'slice':
    case 'pad':
      return `at [${start!.join(', ')}]`;
    case 'concatenate':
      return `along ${dim}`;
    case 'batch':
    case 'unbatch':
      return `${axisName(axis!)} at ${dim}`;
    case 'batchSum':
      return axisName(axis!);
    case 'constant':
      return value!.kind;
    default:
      return '';
  }
}
