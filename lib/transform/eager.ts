import type { Array, ConcreteArray } from '../array/array.js';
import { ConcreteArray as Concrete } from '../array/array.js';
import { size } from '../array/shape.js';
import { compile, execute, runExecutable } from '../compile/execute.js';
import { input, rebuild } from '../graph/build.js';
import { interpret } from '../graph/interpret.js';
import { type Node, topological } from '../graph/node.js';
import { installEagerRunner } from '../numpy/eager.js';
import { currentTrace } from '../trace/trace.js';
import { transformed } from './dispatch.js';

/** Entries computed, below which interpreting is faster than finding and starting a program (about 20 µs). */
const SMALL = 2048;

/** Entry-by-entry work of a node: of a product, its multiplications. */
function work(node: Node): number {
  if (node.op !== 'einsum') return size(node.shape);
  const lengths = new Map<number, number>();
  node.inputs.forEach((x, p) => {
    node.attrs.labels![p]!.forEach((label, i) => {
      lengths.set(label, x.shape[i]!);
    });
  });
  return [...lengths.values()].reduce((n, length) => n * length, 1);
}

/** Evaluates one operation: in place if it is small, else natively, with its arrays as the program's inputs. */
function evaluate(node: Node): ConcreteArray {
  const nodes = topological([node]);
  const isFloat = nodes.every((x) => x.dtype === 'float32' || x.dtype === 'float64' || x.dtype === 'bool');
  if (!isFloat || nodes.reduce((total, x) => total + work(x), 0) < SMALL) return interpret([node], [])[0]!;
  const inputs: Node[] = [];
  const arrays: Array[] = [];
  const done = new Map<Node, Node>();
  for (const x of nodes) {
    const value = x.op === 'constant' ? x.attrs.value! : undefined;
    if (value?.kind === 'data') {
      done.set(x, input(inputs.length, x.shape, x.dtype));
      inputs.push(done.get(x)!);
      arrays.push(new Concrete(value.data, x.shape));
    } else {
      done.set(
        x,
        rebuild(
          x,
          x.inputs.map((y) => done.get(y)!),
        ),
      );
    }
  }
  return runExecutable(compile({ inputs, outputs: [done.get(node)!] }), arrays)[0]!;
}

installEagerRunner({
  evaluate,
  compose: (f, args) =>
    currentTrace()
      ? f(...args)
      : (transformed('eager', (traced) => f(...(traced as never)), execute)(...args) as Array),
});
