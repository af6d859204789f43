import { broadcastTo, einsum, fullValue, pad, reshape, scale, slice } from './build.js';
import type { Node } from './node.js';
import type { Context } from './simplify.js';

/** An einsum being rewritten: operands with their labels, the result's labels. */
interface Terms {
  readonly operands: readonly Node[];
  readonly labels: readonly (readonly number[])[];
  readonly out: readonly number[];
}

const build = ({ operands, labels, out }: Terms): Node => einsum(operands, labels, out);

/** Identities, ones, repetitions and rearrangements inside an einsum; each rule removes an operand, a label or a node. */
export function rewriteEinsum(node: Node, original: Node, context: Context): Node {
  const terms: Terms = { operands: node.inputs, labels: node.attrs.labels!, out: node.attrs.out! };
  return (
    identity(terms) ??
    ones(terms) ??
    unitLabels(terms) ??
    relabelled(terms) ??
    repeated(terms) ??
    padded(terms) ??
    nested(terms, original, context) ??
    node
  );
}

const without = <T>(list: readonly T[], i: number): T[] => list.filter((_, k) => k !== i);

/** A product with the identity renames a label: Σ_j δ_ij x_j = x_i. */
function identity({ operands, labels, out }: Terms): Node | undefined {
  const p = operands.findIndex((x) => x.op === 'constant' && x.attrs.value!.kind === 'eye');
  if (p < 0) return undefined;
  const [i, j] = labels[p] as [number, number];
  if (operands.length === 1) {
    // Its transpose is itself; its trace and sums are for the fold.
    return out.length === 2 && i !== j ? operands[p] : undefined;
  }
  const from = out.includes(i) ? j : i;
  const to = from === i ? j : i;
  if (i === j || out.includes(from)) return undefined;
  const rest = without(labels, p).map((list) => list.map((label) => (label === from ? to : label)));
  // A label of the result that only the identity had would be lost.
  if (out.includes(to) && !rest.flat().includes(to)) return undefined;
  if (!rest.flat().includes(to)) return undefined;
  return build({ operands: without(operands, p), labels: rest, out });
}

/** A constant factor comes out; labels only it had count as often as they run. */
function ones({ operands, labels, out }: Terms): Node | undefined {
  const p = operands.findIndex((x) => fullValue(x) !== undefined);
  if (p < 0 || operands.length === 1) return undefined;
  const x = operands[p]!;
  const rest = without(labels, p);
  const present = new Set(rest.flat());
  if (labels[p]!.some((label) => out.includes(label) && !present.has(label))) return undefined;
  const lost = new Set(labels[p]!.filter((label) => !present.has(label)));
  const times = [...lost].reduce((n, label) => n * x.shape[labels[p]!.indexOf(label)]!, 1);
  return scale(fullValue(x)! * times, build({ operands: without(operands, p), labels: rest, out }));
}

/** Labels of length 1 are dropped from the operands and put back by a reshape. */
function unitLabels({ operands, labels, out }: Terms): Node | undefined {
  const units = new Set<number>();
  operands.forEach((x, p) => labels[p]!.forEach((label, i) => x.shape[i] === 1 && units.add(label)));
  if (units.size === 0) return undefined;
  const keep = (list: readonly number[]) => list.filter((label) => !units.has(label));
  const squeezed = operands.map((x, p) =>
    reshape(
      x,
      x.shape.filter((_, i) => !units.has(labels[p]![i]!)),
    ),
  );
  const core = build({ operands: squeezed, labels: labels.map(keep), out: keep(out) });
  let next = 0;
  return reshape(
    core,
    out.map((label) => (units.has(label) ? 1 : core.shape[next++]!)),
  );
}

/** An operand that only renames axes (a transpose, a diagonal) is read with the labels renamed. */
function relabelled({ operands, labels, out }: Terms): Node | undefined {
  const p = operands.findIndex(isRearranged);
  if (p < 0) return undefined;
  const inner = operands[p]!;
  const rename = new Map(inner.attrs.out!.map((label, i) => [label, labels[p]![i]!]));
  return build({
    operands: operands.toSpliced(p, 1, inner.inputs[0]!),
    labels: labels.toSpliced(
      p,
      1,
      inner.attrs.labels![0]!.map((label) => rename.get(label)!),
    ),
    out,
  });
}

/** Whether a value is another one with its axes in another order, or a diagonal of it. */
export const isRearranged = (x: Node): boolean =>
  x.op === 'einsum' && x.inputs.length === 1 && x.attrs.labels!.flat().every((label) => x.attrs.out!.includes(label));

/** A repeated operand is read once: its repeated labels belong to the others, or count as often as they run. */
function repeated({ operands, labels, out }: Terms): Node | undefined {
  const p = operands.findIndex((x) => x.op === 'broadcast');
  if (p < 0) return undefined;
  const x = operands[p]!;
  const inner = x.inputs[0]!;
  const isRepeated = x.shape.map((n, i) => n !== inner.shape[i]);
  const kept = labels[p]!.filter((_, i) => !isRepeated[i]);
  const rest = labels.with(p, kept);
  const present = new Set(rest.flat());
  const lost = [...new Set(labels[p]!.filter((label, i) => isRepeated[i] && !present.has(label)))];
  const lengthOf = (label: number) => x.shape[labels[p]!.indexOf(label)]!;
  const times = lost.filter((label) => !out.includes(label)).reduce((n, label) => n * lengthOf(label), 1);
  const core = build({
    operands: operands.with(
      p,
      reshape(
        inner,
        inner.shape.filter((_, i) => !isRepeated[i]),
      ),
    ),
    labels: rest,
    out: out.filter((label) => present.has(label)),
  });
  let next = 0;
  const lengths = out.map((label) => (present.has(label) ? core.shape[next++]! : 1));
  const whole = out.map((label, i) => (present.has(label) ? lengths[i]! : lengthOf(label)));
  return scale(times, broadcastTo(reshape(core, lengths), whole));
}

/** What meets the zeros of a `pad` is not computed: the others are sliced, the result padded. */
function padded({ operands, labels, out }: Terms): Node | undefined {
  const p = operands.findIndex((x, i) => x.op === 'pad' && new Set(labels[i]).size === labels[i]!.length);
  if (p < 0) return undefined;
  const { start } = operands[p]!.attrs as { start: number[] };
  const inner = operands[p]!.inputs[0]!;
  const place = new Map(labels[p]!.map((label, i) => [label, { start: start[i]!, length: inner.shape[i]! }]));
  const sliced = operands.map((x, q) => {
    if (q === p) return inner;
    const own = labels[q]!;
    return slice(
      x,
      own.map((label) => place.get(label)?.start ?? 0),
      own.map((label, i) => place.get(label)?.length ?? x.shape[i]!),
    );
  });
  const core = build({ operands: sliced, labels, out });
  const lengths = new Map(operands.flatMap((x, q) => labels[q]!.map((label, i) => [label, x.shape[i]!] as const)));
  return pad(
    core,
    out.map((label) => place.get(label)?.start ?? 0),
    out.map((label) => lengths.get(label)!),
  );
}

/** The diagonal, trace or transpose of a product nobody else needs is one product: tr(JᵀWJ) = Σ_ki J_ki² w_k. */
function nested({ operands, labels, out }: Terms, original: Node, context: Context): Node | undefined {
  if (operands.length !== 1 || operands[0]!.op !== 'einsum') return undefined;
  const [inner] = operands as [Node];
  const own = labels[0]!;
  const diagonal = new Set(own).size < own.length;
  const permutation = own.length === out.length && !diagonal;
  if (!diagonal && !permutation) return undefined;
  if (context.users(original.inputs[0]!).length > 1) return undefined;
  const fresh = Math.max(0, ...own, ...out) + 1;
  const rename = new Map<number, number>();
  inner.attrs.out!.forEach((label, i) => rename.set(label, own[i]!));
  for (const label of inner.attrs.labels!.flat()) if (!rename.has(label)) rename.set(label, fresh + rename.size);
  return build({
    operands: inner.inputs,
    labels: inner.attrs.labels!.map((list) => list.map((label) => rename.get(label)!)),
    out,
  });
}
