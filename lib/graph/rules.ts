import {
  add,
  batch,
  batchSum,
  broadcastTo,
  constantLike,
  convert,
  einsum,
  eye,
  full,
  mul,
  pad,
  range,
  rebuild,
  reshape,
  select,
  slice,
  sumTo,
  unbatch,
} from './build.js';
import { elementwiseRule } from './elementwise.js';
import type { Node } from './node.js';

/*
 * jvp and vjp of every primitive, in one place each. `null` is the symbolic zero. Elementwise operations follow from
 * their partials; of the others `einsum` is multilinear and all the rest are linear in their operands.
 */

/** a + b where either may be the symbolic zero. */
export function addTangents(a: Node | null | undefined, b: Node | null | undefined): Node | null {
  if (!a) return b ?? null;
  return b ? add(a, b) : a;
}

/** The tangent of `node`, given its operands' tangents (null: zero): ż = ∂z/∂a·ȧ. */
export function jvp(node: Node, tangents: readonly (Node | null)[]): Node | null {
  const live = tangents.findIndex((t) => t !== null);
  if (live < 0) return null;
  const rule = elementwiseRule(node.op);
  if (rule) {
    if (rule.predicate) return null;
    if (node.op === 'select') {
      const [, a, b] = tangents;
      const zero = constantLike(0, node);
      return broadcastTo(select(node.inputs[0]!, a ?? zero, b ?? zero), node.shape);
    }
    const partials = rule.first(node.inputs, node);
    let tangent: Node | null = null;
    tangents.forEach((t, p) => {
      const partial = partials[p];
      if (t && partial) tangent = addTangents(tangent, mul(partial, t));
    });
    return tangent && broadcastTo(tangent, node.shape);
  }
  switch (node.op) {
    case 'einsum': {
      let tangent: Node | null = null;
      tangents.forEach((t, p) => {
        if (t) tangent = addTangents(tangent, rebuild(node, node.inputs.with(p, t)));
      });
      return tangent;
    }
    case 'concatenate':
      return rebuild(
        node,
        tangents.map((t, p) => t ?? full(0, node.inputs[p]!.shape, node.dtype)),
      );
    default: // linear in their one operand
      return rebuild(node, [tangents[live]!]);
  }
}

/**
 * The cotangents of the operands for which `wanted` holds, given the result's cotangent: ā = (∂z/∂a)ᵀ z̄.
 * An operand shared by the samples of an axis receives the sum over them.
 */
export function vjp(node: Node, cotangent: Node, wanted: (operand: number) => boolean): (Node | null)[] {
  return node.inputs.map((x, p) => {
    const ct = wanted(p) ? operandCotangent(node, cotangent, p) : null;
    return ct && sumShared(sumTo(ct, x.shape), node, x);
  });
}

/**
 * Sums a cotangent of `x` over the axes its use in `node` is mapped over and `x` is not. Axes of the cotangent alone
 * (a family of adjoints) stay; a cotangent that is the same for all samples still counts once for each.
 */
export function sumShared(ct: Node, node: Node, x: Node): Node {
  const shared = node.axes.filter((axis) => !x.axes.includes(axis) && axis !== node.attrs.axis);
  return shared.reduce(batchSum, ct);
}

function operandCotangent(node: Node, ct: Node, p: number): Node | null {
  const x = node.inputs[p]!;
  const rule = elementwiseRule(node.op);
  if (rule) {
    if (rule.predicate) return null;
    if (node.op === 'select') {
      // ct·1 would turn an infinite cotangent of the other branch into NaN.
      const zero = constantLike(0, node);
      return p === 0 ? null : select(node.inputs[0]!, p === 1 ? ct : zero, p === 1 ? zero : ct);
    }
    const partial = rule.first(node.inputs, node)[p];
    return partial ? mul(partial, ct) : null;
  }
  const { start, dim, axis } = node.attrs;
  switch (node.op) {
    case 'copy':
      return ct;
    case 'convert':
      return x.dtype === 'float32' || x.dtype === 'float64' ? convert(ct, x.dtype) : null;
    case 'einsum':
      return einsumCotangent(node, ct, p);
    case 'reshape':
      return reshape(ct, x.shape);
    case 'broadcast':
      return sumTo(ct, x.shape);
    case 'slice':
      return pad(ct, start!, x.shape);
    case 'pad':
      return slice(ct, start!, x.shape);
    case 'concatenate': {
      const before = node.inputs.slice(0, p).reduce((total, y) => total + y.shape[dim!]!, 0);
      return slice(
        ct,
        range(x.shape.length).map((i) => (i === dim ? before : 0)),
        x.shape,
      );
    }
    case 'batch':
      return unbatch(ct, dim!, axis!);
    case 'unbatch':
      return batch(ct, dim!, axis!);
    case 'batchSum':
      return ct;
    default:
      return null; // input, constant
  }
}

/** ∂/∂a_p of an einsum is the einsum of the cotangent with the other operands, onto a_p's labels. */
function einsumCotangent(node: Node, ct: Node, p: number): Node {
  const labels = node.attrs.labels!;
  const operands = [ct, ...node.inputs.filter((_, q) => q !== p)];
  const operandLabels = [node.attrs.out!, ...labels.filter((_, q) => q !== p)];
  const x = node.inputs[p]!;

  // A label that x has twice reads a diagonal: its transpose writes one, which a product with the identity does.
  let fresh = Math.max(0, ...labels.flat(), ...node.attrs.out!) + 1;
  const seen = new Set<number>();
  const target = labels[p]!.map((label, i) => {
    if (!seen.has(label)) {
      seen.add(label);
      return label;
    }
    operands.push(eye(x.shape[i]!, x.dtype));
    operandLabels.push([label, fresh]);
    return fresh++;
  });

  // A label summed away that no other operand has: the cotangent is the same all along it.
  const present = new Set(operandLabels.flat());
  const core = einsum(
    operands,
    operandLabels,
    target.filter((label) => present.has(label)),
  );
  const kept = x.shape.map((n, i) => (present.has(target[i]!) ? n : 1));
  return broadcastTo(reshape(core, kept), x.shape);
}
