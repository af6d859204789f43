import { add, einsum, mul, reshape, scale, transpose } from '../graph/build.js';
import { type Node, rebuildGraph } from './rebuild.js';

/**
 * Splits products of several operands into products of two, cheapest first, except for the forms a kernel computes in
 * one go: Σ_k J_ki w_k J_kj. A product that contracts nothing becomes an elementwise one.
 */
export function splitProducts(outputs: readonly Node[]): Node[] {
  // By what became of them: products that were symmetric, and how their axes are exchanged.
  const lopsided = new Map<Node, readonly number[]>();
  return rebuildGraph(outputs, (node, users) => {
    if (node.op === 'batchSum') {
      const exchange = lopsided.get(node.inputs[0]!);
      return exchange ? scale(0.5, add(node, transpose(node, exchange))) : node;
    }
    if (node.op !== 'einsum' || node.inputs.length === 1) return node;
    // Summed over samples next, a product of two runs in the kernel of weight gradients.
    const summedNext = users.length > 0 && users.every((user) => user?.op === 'batchSum');
    const split = splitOne(node, summedNext);
    const exchange = summedNext ? exchangeOf(node) : undefined;
    if (exchange && split !== node) lopsided.set(split, exchange);
    return split;
  });
}

/**
 * The order of axes in which Σ_k J_ki w_k J_kj is itself again. Split, (J_ki w_k) J_kj is rounded differently from (J_kj w_k) J_ki.
 */
function exchangeOf(node: Node): number[] | undefined {
  const { labels, out } = node.attrs as { labels: number[][]; out: number[] };
  const once = (label: number | undefined) => labels.flat().filter((other) => other === label).length === 1;
  for (let q = 1; q < labels.length; q++) {
    for (let p = 0; p < q; p++) {
      if (node.inputs[p] !== node.inputs[q]) continue;
      const places = labels[p]!.flatMap((label, d) => (label === labels[q]![d] ? [] : [d]));
      const [i, j] = [labels[p]![places[0]!], labels[q]![places[0]!]] as const;
      if (places.length !== 1 || !once(i) || !once(j)) continue;
      const [a, b] = [out.indexOf(i!), out.indexOf(j!)];
      if (a >= 0 && b >= 0) return out.map((_, d) => (d === a ? b : d === b ? a : d));
    }
  }
  return undefined;
}

/** No label twice, which would walk a diagonal. */
const isPlain = (t: Term): boolean => new Set(t.labels).size === t.labels.length;

const isOuter = ([a, b, ...rest]: readonly Term[]): boolean =>
  rest.length === 0 &&
  a!.labels.some((label) => !b!.labels.includes(label)) &&
  b!.labels.some((label) => !a!.labels.includes(label));

interface Term {
  readonly x: Node;
  readonly labels: readonly number[];
}

function splitOne(node: Node, binaryOnly: boolean): Node {
  const { labels, out } = node.attrs as { labels: number[][]; out: number[] };
  let terms: Term[] = node.inputs.map((x, p) => ({ x, labels: labels[p]! }));
  // Nothing is contracted: a product entry by entry, unless it is an outer product that a sum over samples takes in.
  const contracted = labels.flat().some((label) => !out.includes(label));
  if (!contracted && terms.every(isPlain) && !(binaryOnly && isOuter(terms))) {
    return terms.map((t) => aligned(t, out)).reduce(mul);
  }
  const sizes = new Map<number, number>();
  for (const { x, labels: list } of terms) list.forEach((label, i) => sizes.set(label, x.shape[i]!));
  const cost = (list: Iterable<number>) => [...new Set(list)].reduce((n, label) => n * sizes.get(label)!, 1);

  if (node.axes.length > 0) terms = sumShared(squareShared(terms), out);
  while (terms.length > 2) {
    if (
      terms.length === 3 &&
      !binaryOnly &&
      cost(terms.flatMap((t) => t.labels)) <= 1.5 * cheapestSplit(terms, out, cost)
    )
      break;
    let best: readonly [number, number] = [0, 1];
    let least = Number.POSITIVE_INFINITY;
    for (let p = 0; p < terms.length; p++) {
      for (let q = p + 1; q < terms.length; q++) {
        const c = pairCost(terms, p, q, out, cost);
        if (c < least) [least, best] = [c, [p, q]];
      }
    }
    const [p, q] = best;
    const rest = terms.filter((_, i) => i !== p && i !== q);
    const kept = keptLabels(terms, p, q, out);
    terms = [{ x: product(terms[p]!, terms[q]!, kept), labels: kept }, ...rest];
  }
  if (terms.length === 2 && !binaryOnly) return product(terms[0]!, terms[1]!, out);
  return terms.every((t, i) => t.x === node.inputs[i])
    ? node
    : einsum(
        terms.map((t) => t.x),
        terms.map((t) => t.labels),
        out,
      );
}

/** An operand that is the same for all samples and occurs twice over the same axes is squared first: once. */
function squareShared(terms: readonly Term[]): Term[] {
  const done: Term[] = [];
  for (const term of terms) {
    const isSame = (other: Term): boolean => other.x === term.x && `${other.labels}` === `${term.labels}`;
    const p = term.x.axes.length === 0 && isPlain(term) ? done.findIndex(isSame) : -1;
    if (p < 0) done.push(term);
    else done[p] = { x: product(term, term, term.labels), labels: term.labels };
  }
  return done;
}

/** Axes that only one operand has, the same for all samples, are summed in it: once. (The squares of a Laplacian's first layer.) */
function sumShared(terms: readonly Term[], out: readonly number[]): Term[] {
  return terms.map((term, p) => {
    if (term.x.axes.length > 0 || !isPlain(term)) return term;
    const others = new Set([...out, ...terms.flatMap((t, i) => (i === p ? [] : t.labels))]);
    const kept = term.labels.filter((label) => others.has(label));
    return kept.length === term.labels.length ? term : { x: einsum([term.x], [term.labels], kept), labels: kept };
  });
}

const keptLabels = (terms: readonly Term[], p: number, q: number, out: readonly number[]): number[] => {
  const others = new Set([...out, ...terms.flatMap((t, i) => (i === p || i === q ? [] : t.labels))]);
  return [...new Set([...terms[p]!.labels, ...terms[q]!.labels])].filter((label) => others.has(label));
};

type Cost = (labels: Iterable<number>) => number;

/** Multiplications of the pair, and the size of what it leaves, which has to be stored. */
const pairCost = (terms: readonly Term[], p: number, q: number, out: readonly number[], cost: Cost): number =>
  cost([...terms[p]!.labels, ...terms[q]!.labels]) + cost(keptLabels(terms, p, q, out));

function cheapestSplit(terms: readonly Term[], out: readonly number[], cost: Cost): number {
  const pairs: readonly (readonly [number, number, number])[] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 2, 0],
  ];
  return Math.min(
    ...pairs.map(
      ([p, q, r]) => pairCost(terms, p, q, out, cost) + cost([...keptLabels(terms, p, q, out), ...terms[r]!.labels]),
    ),
  );
}

/** The product of two operands onto `out`. */
function product(a: Term, b: Term, out: readonly number[]): Node {
  const all = new Set([...a.labels, ...b.labels]);
  if (all.size === out.length && isPlain(a) && isPlain(b)) return mul(aligned(a, out), aligned(b, out));
  return einsum([a.x, b.x], [a.labels, b.labels], out);
}

/** An operand with its axes in the order of `out`, length 1 where it has no such label. */
function aligned({ x, labels }: Term, out: readonly number[]): Node {
  if (labels.length === 0) return x;
  const own = out.filter((label) => labels.includes(label));
  const ordered = transpose(
    x,
    own.map((label) => labels.indexOf(label)),
  );
  let next = 0;
  return reshape(
    ordered,
    out.map((label) => (labels.includes(label) ? ordered.shape[next++]! : 1)),
  );
}
