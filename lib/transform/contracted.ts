import { size } from '../array/shape.js';
import {
  add,
  batch,
  batchSum,
  broadcastTo,
  convert,
  einsum,
  eye,
  full,
  mul,
  range,
  reshape,
  scale,
  transpose,
  unbatch,
} from '../graph/build.js';
import { elementwiseRule } from '../graph/elementwise.js';
import { materialize } from '../graph/materialize.js';
import { MapAxis, type Node, topological } from '../graph/node.js';
import { addTangents, vjp } from '../graph/rules.js';
import { simplify } from '../graph/simplify.js';
import { isRearranged } from '../graph/simplify-einsum.js';
import { region } from './sweeps.js';
import { chainsOf, type Tangents, tangentsAlong } from './tangents.js';

/*
 * Second derivatives by contraction, forward over reverse in d + 1 + m passes (m outputs): push the value and the d
 * tangents J_v = ∂v/∂x forward, pull the adjoints v̄ = ∂y/∂v back, and collect at every nonlinear operation
 *
 *   z = f(a_1, …, a_k):   H += Σ_pq J_{a_p}ᵀ diag(f_pq z̄) J_{a_q}.
 *
 * It follows from differentiating ∇y = Σ J_vᵀ(direct dependence) once more: every second derivative of y is the second
 * derivative of exactly one operation, seen through the tangents of its operands and weighted with its adjoint.
 */

/** What is kept of the matrix: all of it, its diagonal, or its trace (the Laplacian), never forming what is not kept. */
export type Kept = 'matrix' | 'diagonal' | 'trace';

/**
 * Blocks ∂²y/∂x_i∂x_j for every output y and every pair of variables, shape [...y, ...x_i, ...x_j]; for 'diagonal'
 * [...y, ...x_i] and for 'trace' [...y], both only for i = j (other pairs are null).
 */
export function contractedHessian(
  outputs: readonly Node[],
  variables: readonly Node[],
  kept: Kept,
): (Node | null)[][][] {
  return outputs.map((output) =>
    hessianOf(output, variables, kept).map((row, i) =>
      // A derivative has the dtype of what it is taken in, as a gradient has.
      kept === 'trace' ? row : row.map((block) => block && convert(block, variables[i]!.dtype)),
    ),
  );
}

interface Frame {
  readonly variable: Node;
  /** What is differentiated with respect to: the variable, or the narrower value it first flows through. */
  readonly inner: Node;
  /** ∂inner/∂variable, [...inner, d], where they differ: H = Wᵀ M W. */
  readonly outer: Node | null;
}

function hessianOf(output: Node, variables: readonly Node[], kept: Kept): (Node | null)[][] {
  // The trace and the diagonal need all of M for the sandwich, so they take the d tangents instead.
  const frames = variables.map((variable) =>
    kept === 'matrix' ? narrow(variable, output, variables) : { variable, inner: variable, outer: null },
  );
  const inner = new Set(frames.map((frame) => frame.inner));
  const nodes = region([output], inner);
  const inside = new Set(nodes);
  const chains = chainsOf(nodes, inner);
  const tangents = frames.map((frame) => tangentsAlong(frame.inner, nodes, chains, size(frame.inner.shape)));

  const m = size(output.shape);
  const adjoints = new MapAxis(m, 'adjoints');
  const accumulator = new Accumulator(frames, tangents, adjoints, kept);

  // The sweep back. Inside a chain, v = g(r): r̄ += g'·v̄ and w_r += g''·v̄, the chain's whole curvature.
  const cotangents = new Map<Node, Node | null>();
  const weights = new Map<Node, Node | null>();
  if (inside.has(output))
    cotangents.set(output, m === 1 ? full(1, output.shape, output.dtype) : seed(output, adjoints));
  for (const node of nodes.reverse()) {
    const weight = weights.get(node);
    if (weight) accumulator.square(node, weight);
    const ct = cotangents.get(node);
    if (!ct || inner.has(node)) continue;
    const chain = chains.get(node)!;
    if (chain.root !== node) {
      const { root, first, second, ratio } = chain;
      const pulled = first && product(first, ct, node);
      // g''·v̄ as (g''/g')·(g'·v̄): the second factor is there, and so is, when this is differentiated again, its cotangent.
      const weight = ratio && pulled ? product(ratio, pulled, node) : second && product(second, ct, node);
      cotangents.set(root, addTangents(cotangents.get(root), pulled));
      weights.set(root, addTangents(weights.get(root), weight));
      continue;
    }
    vjp(node, ct, (p) => inside.has(node.inputs[p]!)).forEach((operand, p) => {
      const x = node.inputs[p]!;
      if (operand) cotangents.set(x, addTangents(cotangents.get(x), operand));
    });
    accumulator.operation(node, ct, (p) => inside.has(node.inputs[p]!));
  }
  return accumulator.finish(output);
}

const product = (factor: Node, ct: Node, node: Node): Node => broadcastTo(mul(factor, ct), node.shape);

const seed = (output: Node, axis: MapAxis): Node => reshape(batch(eye(axis.size, output.dtype), 1, axis), output.shape);

/**
 * Follows a variable through linear operations to the narrowest value that all of its influence flows through:
 * for an input wider than the first layer, the first pre-activation. Costs d passes less and n more.
 */
function narrow(variable: Node, output: Node, variables: readonly Node[]): Frame {
  const nodes = region([output], new Set([variable]));
  const users = new Map<Node, Node[]>();
  for (const node of nodes) for (const x of new Set(node.inputs)) users.set(x, [...(users.get(x) ?? []), node]);
  const dependent = new Set(nodes);
  let best = variable;
  for (let node = variable; node !== output; ) {
    const next = users.get(node) ?? [];
    if (next.length !== 1 || !linearIn(next[0]!, (x) => dependent.has(x))) break;
    node = next[0]!;
    if (node.axes.length !== variable.axes.length) break;
    if (size(node.shape) < size(best.shape)) best = node;
  }
  const shared = variables.some((other) => other !== variable && region([best], new Set([other])).length > 0);
  if (best === variable || shared || best === output) return { variable, inner: variable, outer: null };
  const chain = region([best], new Set([variable]));
  const along = tangentsAlong(variable, chain, chainsOf(chain, new Set([variable])), size(variable.shape));
  const outer = unbatch(along.of(best)!, best.shape.length, along.axis);
  return { variable, inner: best, outer: materialize([outer], along.axis)[0]! };
}

function linearIn(node: Node, dependent: (x: Node) => boolean): boolean {
  if (elementwiseRule(node.op))
    return ['neg', 'add', 'sub'].includes(node.op) && node.inputs.filter(dependent).length === 1;
  return node.op !== 'einsum' || node.inputs.filter(dependent).length === 1;
}

const isVariable = (x: Node): boolean => topological([x]).some(({ op }) => op === 'input');

/** A constant array, which nothing makes simpler, in any order of its axes. */
const isMatrix = (x: Node): boolean =>
  x.op === 'constant' ? x.attrs.value!.kind === 'data' : isRearranged(x) && isMatrix(x.inputs[0]!);

/** Collects the terms J_pᵀ diag(w) J_q of every pair of variables. */
class Accumulator {
  readonly #frames: readonly Frame[];
  readonly #tangents: readonly Tangents[];
  readonly #adjoints: MapAxis;
  readonly #kept: Kept;
  /** The terms of every block, in the order of the sweep back. */
  readonly #blocks: Node[][][];
  /** Variables whose own block (i, i) is not symmetric to the bit as it is summed up. */
  readonly #lopsided = new Set<number>();

  constructor(frames: readonly Frame[], tangents: readonly Tangents[], adjoints: MapAxis, kept: Kept) {
    this.#frames = frames;
    this.#tangents = tangents;
    this.#adjoints = adjoints;
    this.#kept = kept;
    this.#blocks = frames.map(() => frames.map(() => []));
  }

  /** Σ_k J_kᵀ w_k J_k at a chain's root. */
  square(node: Node, weight: Node): void {
    const labels = range(node.shape.length);
    this.#pairs((i, j) => {
      const [a, b] = [this.#columns(i, node), this.#columns(j, node)];
      if (!a || !b) return;
      this.#add(i, j, this.#gram(a, this.#weight(weight), b, labels), node);
      if (!this.#mirrors(i, node, a, weight)) this.#lopsided.add(i);
    });
  }

  /** The curvature of an operation whose operands have different roots. */
  operation(node: Node, ct: Node, dependent: (operand: number) => boolean): void {
    const rule = elementwiseRule(node.op);
    const seconds = rule?.second(node.inputs, node);
    node.inputs.forEach((_, p) => {
      for (let q = p; q < node.inputs.length; q++) {
        if (!dependent(p) || !dependent(q)) continue;
        const fpq = seconds?.[p]?.[q];
        if (fpq) {
          const weight = broadcastTo(mul(fpq, ct), node.shape);
          this.#operandPair(node, p, q, (a, b) => this.#elementwiseTerm(node, a, weight, b));
        } else if (node.op === 'einsum' && p !== q) {
          this.#operandPair(node, p, q, (a, b, x, y) => this.#einsumTerm(node, x, y, a, ct, b));
        }
      }
    });
  }

  /**
   * Adds J_pᵀ w J_q and, for p ≠ q, J_qᵀ w J_p. On the diagonal of the blocks the second is the first one transposed, and what
   * is added is twice the first: `finish` takes the symmetric part.
   */
  #operandPair(node: Node, p: number, q: number, term: (a: Node, b: Node, p: number, q: number) => Node): void {
    this.#pairs((i, j) => {
      const columns = (k: number, operand: number) => this.#columns(k, node.inputs[operand]!);
      const [a, b] = [columns(i, p), columns(j, q)];
      const first = a && b && term(a, b, p, q);
      if (p !== q && i === j) {
        if (first) this.#add(i, j, scale(2, first), node);
        this.#lopsided.add(i);
        return;
      }
      if (first) this.#add(i, j, first, node);
      this.#lopsided.add(i);
      if (p === q) return;
      const [c, d] = [columns(i, q), columns(j, p)];
      if (c && d) this.#add(i, j, term(c, d, q, p), node);
    });
  }

  /** The blocks in the shapes promised, seen through the sandwich where there is one. */
  finish(output: Node): (Node | null)[][] {
    // Summed from the inputs' side: what is computed follows this order, and so the adjoints, which are cheap, come first and the
    // tangents of one layer can be forgotten as soon as those of the next are there.
    const flat = this.#blocks.flat().map((terms) => terms.reduceRight<Node | null>(addTangents, null));
    const axes = [this.#adjoints, ...this.#tangents.map((t) => t.axis)];
    const present = flat.filter((block): block is Node => block !== null);
    const explicit = axes.reduce<Node[]>((blocks, axis) => materialize(blocks, axis), present);
    let next = 0;
    const shaped = this.#blocks.map((row, i) =>
      row.map((terms, j) => {
        if (terms.length === 0) return null;
        return this.#shaped(this.#evened(this.#sandwich(explicit[next++]!, i, j), i, j), output, i, j);
      }),
    );
    if (this.#kept !== 'matrix') return shaped;
    // The blocks below the diagonal mirror those above.
    return shaped.map((row, i) =>
      row.map((block, j) => (j < i ? this.#mirrored(shaped[j]![i]!, output, j, i) : block)),
    );
  }

  /** Blocks on the diagonal and above it. */
  #pairs(visit: (i: number, j: number) => void): void {
    for (let i = 0; i < this.#frames.length; i++) {
      for (let j = i; j < this.#frames.length; j++) {
        if (this.#kept === 'matrix' || i === j) visit(i, j);
      }
    }
  }

  /** The tangents of a node along variable i as explicit columns, [...node, d_i]. */
  #columns(i: number, node: Node): Node | null {
    const { of, axis } = this.#tangents[i]!;
    const tangent = of(node);
    return tangent && unbatch(broadcastTo(tangent, node.shape), node.shape.length, axis);
  }

  /** The weight with its adjoints as explicit columns, [...node, m], or [...node] for one output. */
  #weight(weight: Node): Node {
    return this.#adjoints.size > 1 ? unbatch(weight, weight.shape.length, this.#adjoints) : weight;
  }

  #elementwiseTerm(node: Node, a: Node, weight: Node, b: Node): Node {
    const spread = (columns: Node): Node =>
      broadcastTo(alignColumns(columns, node.shape.length), [...node.shape, columns.shape.at(-1)!]);
    return this.#gram(spread(a), this.#weight(weight), spread(b), range(node.shape.length));
  }

  #einsumTerm(node: Node, p: number, q: number, a: Node, ct: Node, b: Node): Node {
    const { labels, out } = node.attrs as { labels: number[][]; out: number[] };
    const fresh = Math.max(0, ...labels.flat(), ...out) + 1;
    const rest = node.inputs.map((x, r) => [x, labels[r]!] as const).filter((_, r) => r !== p && r !== q);
    return this.#contract([[a, labels[p]!], [this.#weight(ct), out], [b, labels[q]!], ...rest], fresh);
  }

  /**
   * Whether Jᵀ diag(w) J will be computed on one side of the diagonal and mirrored, as the compiler does for a product of one
   * array with itself. Not where the product dissolves, because J is the identity or a single row, or all of it is constant.
   */
  #mirrors(i: number, node: Node, columns: Node, weight: Node): boolean {
    if (node === this.#frames[i]!.inner || size(node.shape) === 1) return false;
    if (isVariable(columns) || !isVariable(weight)) return isVariable(columns);
    return isMatrix(simplify(materialize([columns], this.#tangents[i]!.axis))[0]!);
  }

  #gram(a: Node, weight: Node, b: Node, labels: number[]): Node {
    return this.#contract(
      [
        [a, labels],
        [weight, labels],
        [b, labels],
      ],
      labels.length,
    );
  }

  /** Σ over all labels of a·w·b·…, where a and b (first and third) have a trailing column and w trailing adjoints. */
  #contract(operands: readonly (readonly [Node, readonly number[]])[], fresh: number): Node {
    const [s, i] = [fresh, fresh + 1];
    const j = this.#kept === 'matrix' ? fresh + 2 : i;
    const trailing = [[i], this.#adjoints.size > 1 ? [s] : [], [j]];
    const out = [...trailing[1]!, ...(this.#kept === 'trace' ? [] : this.#kept === 'diagonal' ? [i] : [i, j])];
    return einsum(
      operands.map(([x]) => x),
      operands.map(([, labels], p) => [...labels, ...(trailing[p] ?? [])]),
      out,
    );
  }

  #add(i: number, j: number, term: Node, node: Node): void {
    // Samples add up where the variable is shared, also at the very operation that maps it: unlike a cotangent, a term is of
    // the operation's result.
    const { axes } = this.#frames[i]!.inner;
    this.#blocks[i]![j]!.push(node.axes.filter((axis) => !axes.includes(axis)).reduce(batchSum, term));
  }

  /** H = W_iᵀ M W_j for variables seen through the first layer. */
  #sandwich(block: Node, i: number, j: number): Node {
    const flat = (k: number): Node | null => {
      const { outer, inner, variable } = this.#frames[k]!;
      return outer && reshape(outer, [size(inner.shape), size(variable.shape)]);
    };
    const [wi, wj] = [flat(i), flat(j)];
    const s = this.#adjoints.size > 1 ? [9] : [];
    let result = block;
    if (wi)
      result = einsum(
        [result, wi],
        [
          [...s, 0, 1],
          [0, 2],
        ],
        [...s, 2, 1],
      );
    if (wj)
      result = einsum(
        [result, wj],
        [
          [...s, 0, 1],
          [1, 2],
        ],
        [...s, 0, 2],
      );
    return result;
  }

  /** (H + Hᵀ)/2 for a block on the diagonal whose two sides were rounded differently. */
  #evened(block: Node, i: number, j: number): Node {
    const uneven = this.#kept === 'matrix' && i === j && (this.#lopsided.has(i) || this.#frames[i]!.outer !== null);
    return uneven ? scale(0.5, add(block, transposed(block))) : block;
  }

  /** Block (j, i) from block (i, j). */
  #mirrored(block: Node | null, output: Node, i: number, j: number): Node | null {
    const [a, b] = [this.#frames[i]!.variable.shape, this.#frames[j]!.variable.shape];
    const flat = block && reshape(block, [size(output.shape), size(a), size(b)]);
    return flat && reshape(transposed(flat), [...output.shape, ...b, ...a]);
  }

  #shaped(block: Node, output: Node, i: number, j: number): Node {
    const [a, b] = [this.#frames[i]!.variable.shape, this.#frames[j]!.variable.shape];
    const tail = this.#kept === 'trace' ? [] : this.#kept === 'diagonal' ? a : [...a, ...b];
    return reshape(block, [...output.shape, ...tail]);
  }
}

/** With the last two axes exchanged. */
function transposed(x: Node): Node {
  const n = x.shape.length;
  return transpose(x, [...range(n - 2), n - 1, n - 2]);
}

/** [...x, d] to the rank of the result: leading axes of length 1 before x's own. */
function alignColumns(columns: Node, rank: number): Node {
  const missing = rank + 1 - columns.shape.length;
  return missing > 0 ? reshape(columns, [...new Array<number>(missing).fill(1), ...columns.shape]) : columns;
}
