import { size } from '../array/shape.js';
import {
  batch,
  batchSum,
  broadcastTo,
  concatenate,
  einsum,
  elementwiseNode,
  pad,
  rebuild,
  reshape,
  slice,
  unbatch,
} from '../graph/build.js';
import { elementwiseRule } from '../graph/elementwise.js';
import { MapAxis, type Node, topological } from '../graph/node.js';

/**
 * Finds whole arrays whose axis is only ever used row by row, and maps over that axis: X [N, d] becomes N samples of
 * shape [d], `X @ W` a product per sample, a sum over rows a `batchSum`. So a function written on whole batches ends in
 * the same program as one written for a sample and vmapped.
 *
 * Works by three moves: a matrix product whose left operand has rows is taken as mapped over them; `unbatch` (all
 * samples gathered) moves down through every operation that treats rows alike; `batch` moves up to the inputs. Where they
 * meet they cancel. An `unbatch` that meets an operation across the rows stays, and becomes an array in memory.
 *
 * @param live values that stay what they are, with all they are made of: a transform is differentiating with respect to them
 */
export function mapRows(outputs: readonly Node[], live: ReadonlySet<Node> = new Set()): Node[] {
  // Once: axes are remembered by the nodes that bring them in, and merging makes new ones.
  const merged = mergeSources(outputs, live);
  let current = merged;
  const axes = new RowAxes();
  for (;;) {
    const pass = new RowPass(current, axes, live);
    const next = pass.run();
    if (!pass.merge) {
      if (isConsistent(next)) return next;
      // Two axes taken for one were mapped over together after all: begin again without any such pair.
      axes.refuseUnited();
      current = merged;
      continue;
    }
    const { from, to, allowed } = pass.merge;
    if (!allowed) axes.refuse(from, to);
    else {
      if (!axes.isOwn(from)) current = substitute(current, from, to, live);
      axes.unite(from, to);
    }
  }
}

/** No value is mapped over an axis it is mapped over already. */
function isConsistent(outputs: readonly Node[]): boolean {
  return topological(outputs).every((node) => {
    const x = node.inputs[0];
    if (node.op === 'batch') return !x!.axes.includes(node.attrs.axis!);
    return node.op !== 'unbatch' || x!.axes.includes(node.attrs.axis!);
  });
}

/** The axes the pass has introduced, remembered from one attempt to the next, and what is known of pairs of axes. */
class RowAxes {
  readonly #byNode = new Map<Node, MapAxis>();
  readonly #own = new Set<MapAxis>();
  readonly #united = new Map<MapAxis, MapAxis>();
  readonly #refused = new Set<string>();

  /** The axis of the rows that `node` brings in. */
  of(node: Node, rows: number): MapAxis {
    let axis = this.#byNode.get(node);
    if (!axis) {
      axis = new MapAxis(rows, 'rows');
      this.#byNode.set(node, axis);
      this.#own.add(axis);
    }
    for (let next = this.#united.get(axis); next; next = this.#united.get(next)) axis = next;
    return axis;
  }

  isOwn(axis: MapAxis): boolean {
    return this.#own.has(axis);
  }

  unite(from: MapAxis, to: MapAxis): void {
    this.#united.set(from, to);
  }

  /** Undoes every union, for good. */
  refuseUnited(): void {
    for (const [from, to] of this.#united) this.refuse(from, to);
    this.#united.clear();
  }

  refuse(a: MapAxis, b: MapAxis): void {
    this.#refused.add(pairKey(a, b));
  }

  refused(a: MapAxis, b: MapAxis): boolean {
    return this.#refused.has(pairKey(a, b)) || this.#refused.has(pairKey(b, a));
  }
}

const pairKey = (a: MapAxis, b: MapAxis): string => `${a.id},${b.id}`;

/**
 * Two axes are one if nothing is mapped over both (which would be all pairs of samples, not samples side by side), and what stays as
 * it is over neither.
 */
function canMerge(outputs: readonly Node[], a: MapAxis, b: MapAxis, live: ReadonlySet<Node>): boolean {
  if (a.size !== b.size) return false;
  return topological(outputs, (node) => live.has(node)).every((node) => {
    const has = (axis: MapAxis) => node.axes.includes(axis) || node.attrs.axis === axis;
    return live.has(node) ? !has(a) && !has(b) : !(has(a) && has(b));
  });
}

function substitute(outputs: readonly Node[], from: MapAxis, to: MapAxis, live: ReadonlySet<Node>): Node[] {
  const done = new Map<Node, Node>();
  for (const node of topological(outputs, (x) => live.has(x))) {
    if (live.has(node)) {
      done.set(node, node);
      continue;
    }
    const inputs = node.inputs.map((x) => done.get(x)!);
    const attrs = node.attrs.axis === from ? { ...node.attrs, axis: to } : node.attrs;
    done.set(node, rebuild(node, inputs, attrs));
  }
  return outputs.map((node) => done.get(node)!);
}

/** Maps over the same axis of the same array run side by side: one axis serves both, and work they share is shared. */
function mergeSources(outputs: readonly Node[], live: ReadonlySet<Node>): Node[] {
  let current = [...outputs];
  const tried = new Set<string>();
  for (;;) {
    const first = new Map<string, MapAxis>();
    let pair: readonly [MapAxis, MapAxis] | undefined;
    for (const node of topological(current, (x) => live.has(x))) {
      if (node.op !== 'batch') continue;
      const key = `${node.inputs[0]!.id}:${node.attrs.dim}`;
      const axis = node.attrs.axis!;
      const known = first.get(key);
      if (!known) first.set(key, axis);
      else if (known !== axis && !tried.has(pairKey(axis, known))) {
        pair = [axis, known];
        break;
      }
    }
    if (!pair) return current;
    tried.add(pairKey(...pair));
    if (canMerge(current, ...pair, live)) current = substitute(current, ...pair, live);
  }
}

/** An array this long that is only used entry by entry is worth mapping over, to be worked on in blocks and on all threads. */
const LONG = 1024;

class RowPass {
  /** Two axes found to be the same rows; the pass is then to be run again with one in the place of the other. */
  merge: { readonly from: MapAxis; readonly to: MapAxis; readonly allowed: boolean } | undefined;
  readonly #outputs: readonly Node[];
  readonly #axes: RowAxes;
  readonly #live: ReadonlySet<Node>;
  readonly #batched = new Map<string, Node>();
  readonly #done = new Map<Node, Node>();

  constructor(outputs: readonly Node[], axes: RowAxes, live: ReadonlySet<Node>) {
    this.#outputs = outputs;
    this.#axes = axes;
    this.#live = live;
  }

  run(): Node[] {
    const done = this.#done;
    const nodes = topological(this.#outputs, (node) => this.#live.has(node));
    const long = longVectors(nodes);
    for (const node of nodes) {
      if (this.#live.has(node)) {
        done.set(node, node);
        continue;
      }
      const moved = rebuild(
        node,
        node.inputs.map((x) => done.get(x)!),
      );
      done.set(node, long.has(node) ? this.#mapInput(node) : this.#down(this.#seeded(moved, node)));
      if (this.merge) return [];
    }
    return this.#outputs.map((node) => done.get(node)!);
  }

  #mapInput(node: Node): Node {
    const axis = this.#axes.of(node, node.shape[0]!);
    return unbatch(batch(node, 0, axis), 0, axis);
  }

  /** A matrix product X[n, …, k]·W[k, …, j] of arrays nobody has mapped yet: the rows of X are samples. */
  #seeded(node: Node, original: Node): Node {
    if (node.op !== 'einsum' || node.inputs.length !== 2) return node;
    const { labels, out } = node.attrs as { labels: number[][]; out: number[] };
    const [x, w] = node.inputs as [Node, Node];
    const row = labels[0]![0];
    const isRow = row !== undefined && row === out[0] && !labels[1]!.includes(row) && x.shape[0]! > 1;
    const isMatrix =
      labels[1]!.some((label) => out.includes(label)) && labels[1]!.some((label) => !out.includes(label));
    if (!isRow || !isMatrix || x.op === 'unbatch' || w.op === 'unbatch' || labels[0]!.lastIndexOf(row) !== 0)
      return node;
    const axis = this.#axes.of(original, x.shape[0]!);
    // These rows were taken for samples the product is mapped over already: pairs of them, of which the gathered ones stay rows.
    if (node.axes.includes(axis)) return node;
    return unbatch(einsum([this.#rows(x, 0, axis), w], [labels[0]!.slice(1), labels[1]!], out.slice(1)), 0, axis);
  }

  /** Moves an `unbatch` among the operands below the operation. */
  #down(node: Node): Node {
    const p = node.inputs.findIndex((x) => x.op === 'unbatch');
    if (p < 0) return node;
    const u = node.inputs[p]!;
    const { dim, axis } = u.attrs as { dim: number; axis: MapAxis };
    const v = u.inputs[0]!;
    // Another operand is mapped over the same axis: all pairs of samples, which only a gathered array can give.
    if (node.axes.includes(axis)) return node;
    const gather = (result: Node, at: number) => unbatch(this.#down(result), at, axis);
    const drop = (shape: readonly number[], i: number) => shape.toSpliced(i, 1);

    if (elementwiseRule(node.op)) {
      // One row beside many of another operand: it is spread over them.
      if (node.shape[dim] !== axis.size) return node;
      const operands = node.inputs.map((x) => this.#alongside(x, dim, axis));
      return gather(elementwiseNode(node.op as never, ...operands), dim);
    }
    switch (node.op) {
      case 'convert':
        return gather(rebuild(node, [v]), dim);
      case 'einsum': {
        const { labels, out } = node.attrs as { labels: number[][]; out: number[] };
        const row = labels[p]![dim]!;
        if (labels.some((list) => list.indexOf(row) !== list.lastIndexOf(row))) return node;
        const operands = node.inputs.map((x, q) => {
          const at = labels[q]!.indexOf(row);
          return at < 0 ? x : this.#rows(x, at, axis);
        });
        const at = out.indexOf(row);
        const strip = (list: readonly number[]) => list.filter((label) => label !== row);
        const inner = this.#down(einsum(operands, labels.map(strip), strip(out)));
        return at < 0 ? this.#down(batchSum(inner, axis)) : unbatch(inner, at, axis);
      }
      case 'reshape': {
        const before = size(u.shape.slice(0, dim));
        const at = node.shape.findIndex((n, i) => n === axis.size && size(node.shape.slice(0, i)) === before);
        return at < 0 ? node : gather(reshape(v, drop(node.shape, at)), at);
      }
      case 'broadcast':
        if (node.shape[dim] !== axis.size) return node;
        return gather(broadcastTo(v, drop(node.shape, dim)), dim);
      case 'slice':
        if (node.shape[dim] !== axis.size) return node;
        return gather(slice(v, drop(node.attrs.start!, dim), drop(node.shape, dim)), dim);
      case 'pad':
        if (node.shape[dim] !== axis.size) return node;
        return gather(pad(v, drop(node.attrs.start!, dim), drop(node.shape, dim)), dim);
      case 'concatenate': {
        const along = node.attrs.dim!;
        if (along === dim) return node;
        const operands = node.inputs.map((x) => this.#rows(x, dim, axis));
        return gather(concatenate(operands, along > dim ? along - 1 : along), dim);
      }
      case 'batchSum':
        return gather(batchSum(v, node.attrs.axis!), dim);
      case 'batch': {
        const along = node.attrs.dim!;
        if (along === dim) return this.#rows(u, dim, node.attrs.axis!);
        return gather(batch(v, along > dim ? along - 1 : along, node.attrs.axis!), along < dim ? dim - 1 : dim);
      }
      default:
        return node; // unbatch of another axis: nested, nothing to move
    }
  }

  /** An operand of an elementwise operation whose other operand is mapped along `dim`. */
  #alongside(x: Node, dim: number, axis: MapAxis): Node {
    if (x.shape.length === 0) return x;
    if (x.shape[dim] === 1 && axis.size !== 1) return reshape(x, x.shape.toSpliced(dim, 1));
    return this.#rows(x, dim, axis);
  }

  /** Two axes met as rows of the same arrays: one will do, unless some value is mapped over both. */
  #propose(a: MapAxis, b: MapAxis): void {
    if (this.merge || this.#axes.refused(a, b)) return;
    const [from, to] = this.#axes.isOwn(a) || !this.#axes.isOwn(b) ? [a, b] : [b, a];
    const merges = (nodes: readonly Node[]) => canMerge(nodes, a, b, this.#live);
    const allowed = merges(this.#outputs) && merges([...this.#done.values()]);
    this.merge = { from, to, allowed };
  }

  /** `batch(x, dim, axis)`, moved up as far as it goes. */
  #rows(x: Node, dim: number, axis: MapAxis): Node {
    const key = `${x.id}:${dim}:${axis.id}`;
    const known = this.#batched.get(key);
    if (known) return known;
    const result = this.#up(x, dim, axis);
    this.#batched.set(key, result);
    return result;
  }

  #up(x: Node, dim: number, axis: MapAxis): Node {
    // Over an axis x is mapped over already: two axes were taken for one, which `isConsistent` sees.
    if (x.axes.includes(axis)) return batch(x, dim, axis);
    if (x.op === 'unbatch') {
      const own = x.attrs.axis!;
      if (x.attrs.dim === dim) {
        if (own === axis) return x.inputs[0]!;
        this.#propose(own, axis);
        return batch(x, dim, axis);
      }
      if (own === axis) return batch(x, dim, axis); // rows and columns are the same samples: pairs of them
      const inner = this.#rows(x.inputs[0]!, dim > x.attrs.dim! ? dim - 1 : dim, axis);
      return unbatch(inner, dim < x.attrs.dim! ? x.attrs.dim! - 1 : x.attrs.dim!, own);
    }
    const shape = x.shape.toSpliced(dim, 1);
    if (elementwiseRule(x.op))
      return elementwiseNode(x.op as never, ...x.inputs.map((a) => this.#alongside(a, dim, axis)));
    const [a] = x.inputs as [Node];
    switch (x.op) {
      case 'convert':
        return rebuild(x, [this.#rows(a, dim, axis)]);
      case 'broadcast':
        if (a.shape[dim] === axis.size) return broadcastTo(this.#rows(a, dim, axis), shape);
        return broadcastTo(reshape(a, a.shape.toSpliced(dim, 1)), shape);
      case 'reshape': {
        const before = size(x.shape.slice(0, dim));
        const at = a.shape.findIndex((n, i) => n === axis.size && size(a.shape.slice(0, i)) === before);
        return at < 0 ? batch(x, dim, axis) : reshape(this.#rows(a, at, axis), shape);
      }
      case 'slice':
        if (a.shape[dim] !== axis.size) return batch(x, dim, axis);
        return slice(this.#rows(a, dim, axis), x.attrs.start!.toSpliced(dim, 1), shape);
      case 'einsum': {
        const { labels, out } = x.attrs as { labels: number[][]; out: number[] };
        const row = out[dim]!;
        if (labels.some((list) => list.indexOf(row) !== list.lastIndexOf(row))) return batch(x, dim, axis);
        const operands = x.inputs.map((y, q) => {
          const at = labels[q]!.indexOf(row);
          return at < 0 ? y : this.#rows(y, at, axis);
        });
        const strip = (list: readonly number[]) => list.filter((label) => label !== row);
        return einsum(operands, labels.map(strip), strip(out));
      }
      case 'concatenate': {
        const along = x.attrs.dim!;
        if (along === dim) return batch(x, dim, axis);
        return concatenate(
          x.inputs.map((y) => this.#rows(y, dim, axis)),
          along > dim ? along - 1 : along,
        );
      }
      default:
        return batch(x, dim, axis);
    }
  }
}

/** Long inputs that meet no matrix product: mapped over their first axis from the start. */
function longVectors(nodes: readonly Node[]): Set<Node> {
  const long = new Set(
    nodes.filter((node) => node.op === 'input' && node.axes.length === 0 && (node.shape[0] ?? 0) >= LONG),
  );
  if (long.size === 0) return long;
  const source = new Map<Node, Set<Node>>();
  for (const node of nodes) {
    const from = new Set(node.inputs.flatMap((x) => [...(source.get(x) ?? [])]));
    if (long.has(node)) from.add(node);
    source.set(node, from);
    // A product, or a map made by the user, decides itself which axis are the samples.
    const decided = (node.op === 'einsum' && node.inputs.length > 1) || node.op === 'batch';
    if (decided) for (const x of from) long.delete(x);
  }
  return long;
}
