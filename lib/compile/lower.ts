import { shapesEqual } from '../array/shape.js';
import { fullValue } from '../graph/build.js';
import { elementwiseRule } from '../graph/elementwise.js';
import { type MapAxis, type Node, topological } from '../graph/node.js';
import { NablaError } from '../runtime/errors.js';
import { type ActivationPair, type EntrywisePlan, planEntrywise } from './fusion.js';
import { broadcastStrides, type Loop } from './loop.js';
import type { Op } from './opcodes.js';
import {
  denseCopy,
  emitActivation,
  emitEntrywise,
  emitGather,
  emitLaneSum,
  emitRearranged,
  emitScatter,
} from './operations.js';
import {
  type DenseForm,
  denseForm,
  emitContract,
  emitDense,
  emitOuterSum,
  type Factor,
  isOneContraction,
} from './products.js';
import { usersOf } from './rebuild.js';
import { planScaledSums, type ScaledSum } from './scaled-sums.js';
import { type Buffer, reshapeView, type View } from './views.js';

/** What a loop needs from outside: how the values all samples share are read. */
export interface Environment {
  uniform(node: Node): View;
  /** The same shared matrix, contiguous along `axis` if that is worth a copy. */
  contiguousAlong(matrix: View, axis: number): View;
  constant(value: number): View;
}

/** Scaled sums that may wait for each other; beyond it (the stack is finite) a sum is an operation of its own. */
const MAX_WAITING = 256;

/**
 * Lowers the nodes a loop computes to instructions, operands first.
 *
 * A product that is added to something or scaled by something next is left for that operation to emit, which then does
 * both in one instruction: `fused` below decides, `visit` skips it, `add` and `mul` pick it up. One that is scaled and then added is
 * emitted where it stands, with the sum (`scaledSums`).
 */
export class Lowering {
  readonly #loop: Loop;
  readonly #environment: Environment;
  readonly #axis: MapAxis | undefined;
  readonly #views = new Map<Node, View>();
  readonly #users = new Map<Node, readonly (Node | undefined)[]>();
  /** Values emitted by their only user. */
  readonly #fused = new Set<Node>();
  /** Products that are scaled and added to something by their own kernel, by the product, the scaled value and the sum. */
  #scaledSums: ReadonlyMap<Node, ScaledSum> = new Map();
  /** Products whose sums are being worked out, one for the other. */
  readonly #waiting = new Set<Node>();
  #plan: EntrywisePlan = { activations: new Map(), ternaries: new Map(), inner: new Set() };
  /** Memory that holds a matrix known to be symmetric: what is added to it may be computed by half. */
  readonly #symmetric = new Set<Buffer>();

  /** @param axis the mapped axis of a lanes loop; none in a flat one */
  constructor(loop: Loop, environment: Environment, axis?: MapAxis) {
    this.#loop = loop;
    this.#environment = environment;
    this.#axis = axis;
  }

  /** Whether this loop computes the node (anything else is read from the environment). */
  #computes(node: Node): boolean {
    return this.#axis === undefined ? true : node.axes.includes(this.#axis);
  }

  /**
   * Emits everything the roots need. Roots are `batchSum` and `unbatch` nodes in lanes loops, plain values in flat loops.
   * @param isKnown values that are there already
   */
  run(roots: readonly Node[], isKnown: (node: Node) => boolean, finish: (root: Node) => void): void {
    const leaf = (node: Node) => isKnown(node) || (!roots.includes(node) && !this.#computes(node));
    const nodes = topological(roots, leaf);
    const inside = nodes.filter((node) => !leaf(node));
    for (const [node, users] of usersOf(inside, roots)) this.#users.set(node, users);
    for (const node of inside.toReversed()) if (this.#fusible(node)) this.#fused.add(node);
    if (this.#axis !== undefined) {
      this.#scaledSums = planScaledSums(inside, {
        users: (x) => this.#users.get(x) ?? [],
        computes: (x) => this.#computes(x),
        isOwned: (x) => this.#isOwned(x),
        isFused: (x) => this.#fused.has(x),
      });
      for (const { product } of this.#scaledSums.values()) this.#fused.delete(product);
      this.#planEntrywise(inside);
    }
    const isRoot = new Set(roots);
    for (const node of inside) {
      if (isRoot.has(node) && this.#axis !== undefined) finish(node);
      else if (!this.#fused.has(node) && !this.#views.has(node)) this.#views.set(node, this.#visit(node));
    }
    if (this.#axis === undefined) for (const root of roots) finish(root);
  }

  /** The view of a value this loop has computed, or of a shared one. */
  view(node: Node): View {
    return this.#views.get(node) ?? this.#environment.uniform(node);
  }

  /** Emits the sum over samples of `x` into an accumulator: of the terms of a sum one by one, of products without forming them. */
  sum(x: Node, accumulator: number): void {
    if (x.op === 'add' && this.#fused.has(x)) {
      for (const term of x.inputs) this.sum(term, accumulator);
      return;
    }
    if (this.#fused.has(x)) {
      emitOuterSum(this.#loop, this.#factors(x), x.attrs.out!, x.shape, accumulator);
      return;
    }
    emitLaneSum(this.#loop, this.view(x), accumulator);
  }

  /** Writes a value of every sample to memory, `laneStride` apart. */
  scatter(node: Node, to: Buffer, strides: readonly number[], laneStride: number): void {
    emitScatter(this.#loop, this.view(node), { buffer: to, offset: 0, shape: node.shape, strides }, laneStride);
  }

  #visit(node: Node): View {
    if (elementwiseRule(node.op)) return this.#elementwise(node);
    const [x] = node.inputs as [Node];
    switch (node.op) {
      case 'convert':
        return this.#convert(node, x);
      case 'einsum':
        return node.inputs.length === 1 ? emitRearranged(this.#loop, this.view(x), node) : this.#product(node);
      case 'reshape': {
        const view = this.view(x);
        return reshapeView(view, node.shape) ?? reshapeView(denseCopy(this.#loop, view), node.shape)!;
      }
      case 'broadcast': {
        const view = this.view(x);
        return { ...view, shape: node.shape, strides: broadcastStrides(view, node.shape) };
      }
      case 'slice': {
        const view = this.view(x);
        const offset = node.attrs.start!.reduce((total, s, i) => total + s * view.strides[i]!, view.offset);
        return { ...view, offset, shape: node.shape };
      }
      case 'pad': {
        const out = this.#loop.allocate(node.shape);
        this.#loop.copy(out, this.#environment.constant(0));
        this.#loop.copy(block(out, node.attrs.start!, x.shape), this.view(x));
        return out;
      }
      case 'concatenate': {
        const out = this.#loop.allocate(node.shape);
        let at = 0;
        for (const piece of node.inputs) {
          const start = node.shape.map((_, i) => (i === node.attrs.dim ? at : 0));
          this.#loop.copy(block(out, start, piece.shape), this.view(piece));
          at += piece.shape[node.attrs.dim!]!;
        }
        return out;
      }
      case 'batch':
        return emitGather(this.#loop, this.#environment.uniform(x), node.attrs.dim!, node.shape);
      default:
        throw new NablaError('ERR_NABLA_INTERNAL', `no lowering for ${node.op}`);
    }
  }

  /** Pairs of a nonlinearity and its derivative, and operations of three operands, each one pass over memory. */
  #planEntrywise(inside: readonly Node[]): void {
    const here = inside.filter((node) => this.#computes(node) && !this.#fused.has(node));
    // What takes in a product of matrices is an instruction already.
    const absorbs = (node: Node) =>
      this.#scaledSums.has(node) || node.inputs.some((x) => x.op === 'einsum' && this.#fused.has(x));
    const plan = planEntrywise(here, (x) => this.#users.get(x) ?? [], absorbs);
    for (const inner of plan.inner) this.#fused.add(inner);
    this.#plan = plan;
  }

  #activation({ op, z, value, slope }: ActivationPair): void {
    const pair = emitActivation(this.#loop, op, this.view(z));
    this.#views.set(value, pair.value);
    this.#views.set(slope, pair.slope);
  }

  #convert(node: Node, x: Node): View {
    const view = this.view(x);
    if (!(node.dtype === 'float32' && x.dtype === 'float64')) return view;
    const out = this.#loop.allocate(node.shape);
    this.#loop.elementwise('roundToFloat32', out, [view]);
    return out;
  }

  #elementwise(node: Node): View {
    const pair = this.#plan.activations.get(node);
    if (pair) {
      if (!this.#views.has(node)) this.#activation(pair);
      return this.#views.get(node)!;
    }
    const ternary = this.#plan.ternaries.get(node);
    if (ternary) return this.#entrywise(ternary.op, node.shape, ternary.operands);
    if (node.op === 'add' || node.op === 'mul') {
      const p = node.inputs.findIndex((x) => this.#fused.has(x) && this.#users.get(x)![0] === node);
      if (p >= 0) return this.#fuse(node, node.inputs[p]!, node.inputs[1 - p]!);
    }
    return this.#entrywise(node.op as Op, node.shape, node.inputs);
  }

  #entrywise(op: Op, shape: readonly number[], operands: readonly Node[]): View {
    const views = operands.map((x) => this.view(x));
    return emitEntrywise(this.#loop, op, shape, views);
  }

  #factors(node: Node): Factor[] {
    return node.inputs.map((x, p) => ({ view: this.view(x), labels: node.attrs.labels![p]! }));
  }

  #product(node: Node, out = this.#loop.allocate(node.shape)): View {
    const factors = this.#factors(node);
    const dense = this.#denseForm(node, factors);
    if (dense) {
      if (this.#addScaled(node, dense, out)) return out;
      const scaled = isOneContraction(dense) ? this.#scaledUser(node) : undefined;
      const result = scaled && this.#loop.allocate(node.shape);
      const seen = result && reshapeView(result, scaled.user.shape);
      if (seen) {
        emitDense(this.#loop, dense, result, { scale: scaled.scale, plain: out });
        this.#views.set(scaled.user, seen);
      } else emitDense(this.#loop, dense, out, {});
    } else if (emitContract(this.#loop, factors, node.attrs.out!, out, false, sameTwice(node)))
      this.#symmetric.add(out.buffer);
    return out;
  }

  /** Emits a product that is scaled and added to something, and everything it needs for that. */
  #addScaled(node: Node, dense: DenseForm, plain: View): boolean {
    const found = this.#scaledSums.get(node);
    if (!found) return false;
    const { scaled, scale, term, sum, other } = found;
    const isLeaf = (x: Node) => this.#views.has(x) || !this.#computes(x);
    this.#waiting.add(node);
    const needed = this.#waiting.size <= MAX_WAITING ? topological([other, scale], isLeaf) : [node];
    // What it is added to may have to wait for it by way of another such sum; that one is then left alone.
    const canWait = !needed.some((x) => this.#waiting.has(x));
    for (const x of canWait ? needed : []) {
      if (!isLeaf(x) && !this.#fused.has(x)) this.#views.set(x, this.#visit(x));
    }
    this.#waiting.delete(node);
    if (!canWait) return false;
    const side = this.view(other);
    const [factor, out] = [reshapeView(this.view(scale), node.shape), reshapeView(side, node.shape)];
    if (factor?.buffer.space !== 'panel' || out?.buffer.space !== 'panel') return false;
    const others = (x: Node) => this.#users.get(x)!.filter((user) => user !== scaled);
    const isNeeded = others(node).some((user) => user?.op !== 'reshape' || others(user).length > 0);
    if (isNeeded && !isOneContraction(dense)) return false;
    emitDense(this.#loop, dense, out, { accumulate: true, scale: factor, ...(isNeeded && { plain }) });
    this.#symmetric.delete(side.buffer);
    this.#views.set(scaled, reshapeView(side, scaled.shape)!);
    this.#views.set(term, side);
    this.#views.set(sum, side);
    return true;
  }

  /**
   * A product that is needed as it is and scaled as well, like the tangents of a layer before and after its activation: both are
   * stored by the kernel that has it in registers.
   */
  #scaledUser(node: Node): { user: Node; scale: View } | undefined {
    const users = this.#users.get(node) ?? [];
    const reshaped = users.flatMap((x) =>
      x?.op === 'reshape' ? (this.#users.get(x) ?? []).map((y) => [x, y] as const) : [],
    );
    for (const [x, user] of [...users.map((y) => [node, y] as const), ...reshaped]) {
      if (user?.op !== 'mul' || this.#fused.has(user) || this.#views.has(user)) continue;
      if (this.#plan.activations.has(user) || this.#plan.ternaries.has(user)) continue;
      const other = user.inputs[0] === x ? user.inputs[1]! : user.inputs[0]!;
      if (!shapesEqual(user.shape, x.shape) || other.shape.length !== x.shape.length) continue;
      const scale = this.#early(other);
      if (scale?.buffer.space !== 'panel') continue;
      const seen = x === node ? scale : reshapeView(scale, node.shape);
      if (seen) return { user, scale: seen };
    }
    return undefined;
  }

  /** The view of a value that is there already, or only has to be looked at in another shape. */
  #early(node: Node): View | undefined {
    const known = this.#views.get(node);
    if (known || (node.op !== 'reshape' && node.op !== 'broadcast') || !this.#early(node.inputs[0]!)) return known;
    const view = this.#visit(node);
    this.#views.set(node, view);
    return view;
  }

  #denseForm(node: Node, factors: readonly Factor[]) {
    const form = this.#axis === undefined ? undefined : denseForm(factors, node.attrs.out!);
    if (form?.W.labels.length !== 2 || form.contracted.length !== 1) return form;
    // The kernel goes along the contracted axis.
    const axis = form.W.labels.indexOf(form.contracted[0]!);
    return { ...form, W: { ...form.W, view: this.#environment.contiguousAlong(form.W.view, axis) } };
  }

  /** Whether a product is emitted by the operation that uses it. */
  #fusible(node: Node): boolean {
    const users = this.#users.get(node) ?? [];
    const user = users[0];
    // Terms of a sum over samples are summed one by one, each product in its own kernel.
    const summed =
      user !== undefined &&
      users.length === 1 &&
      (user.op === 'batchSum' || (this.#fused.has(user) && user.op === 'add'));
    if (summed && node.op === 'add')
      return this.#axis !== undefined && node.inputs.every((x) => shapesEqual(x.shape, node.shape));
    if (summed) {
      const products = node.op === 'einsum' && node.inputs.length === 2;
      return this.#axis !== undefined && products && node.inputs.every((x) => this.#computes(x));
    }
    if (node.op !== 'einsum' || node.inputs.length < 2 || users.length !== 1 || !user) return false;
    const lanes = this.#axis !== undefined;
    const mapped = node.inputs.filter((x) => this.#computes(x));
    const other = user.inputs[0] === node ? user.inputs[1] : user.inputs[0];
    if (!other || !lanes || !shapesEqual(user.shape, node.shape) || this.#fused.has(other) || this.#fused.has(user))
      return false;
    const isDense = node.inputs.length === 2 && mapped.length === 1;
    if (user.op === 'add') {
      if (!this.#computes(other)) return isDense && isBias(node, other);
      return this.#isOwned(other) && shapesEqual(other.shape, node.shape);
    }
    return user.op === 'mul' && isDense && this.#computes(other) && other.shape.length === node.shape.length;
  }

  /** A value in memory of its own that only one operation reads: that operation may add to it in place. */
  #isOwned(x: Node): boolean {
    if (!this.#computes(x) || this.#users.get(x)?.length !== 1) return false;
    return elementwiseRule(x.op) !== undefined || (x.op === 'einsum' && x.inputs.length > 1);
  }

  #fuse(user: Node, product: Node, other: Node): View {
    const factors = this.#factors(product);
    const dense = this.#denseForm(product, factors);
    const side = this.view(other);
    if (user.op === 'add' && this.#computes(other)) {
      if (dense) {
        emitDense(this.#loop, dense, side, { accumulate: true });
        this.#symmetric.delete(side.buffer);
      } else {
        const known = this.#symmetric.has(side.buffer);
        if (!emitContract(this.#loop, factors, product.attrs.out!, side, true, known && sameTwice(product))) {
          this.#symmetric.delete(side.buffer);
        }
      }
      return side;
    }
    if (!dense) {
      // The product turned out not to fit the kernel: emit the two operations one after the other.
      this.#views.set(product, this.#product(product));
      this.#fused.delete(product);
      return this.#elementwise(user);
    }
    const out = this.#loop.allocate(user.shape);
    emitDense(this.#loop, dense, out, user.op === 'add' ? { bias: side } : { scale: side });
    return out;
  }
}

function block(view: View, start: readonly number[], shape: readonly number[]): View {
  return { ...view, offset: start.reduce((total, s, i) => total + s * view.strides[i]!, view.offset), shape };
}

/** A shared operand with a number for each row of a dense product that has one column. */
function isBias(product: Node, bias: Node): boolean {
  const { labels, out } = product.attrs as { labels: number[][]; out: number[] };
  if (fullValue(bias) !== undefined || !shapesEqual(bias.shape, product.shape)) return false;
  const uniform = product.inputs.findIndex((x) => x.axes.length === 0);
  const rows = out.filter((label) => labels[uniform]!.includes(label) && !labels[1 - uniform]!.includes(label));
  return rows.length === 1 && out.length === 1;
}

/** Σ_k J_ki w_k J_kj with one J: symmetric in i and j. */
function sameTwice(node: Node): boolean {
  return node.inputs.some((x, p) => node.inputs.indexOf(x) !== p);
}
