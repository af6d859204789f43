import { shapesEqual, size } from '../array/shape.js';
import { broadcastTo, fullValue, mul, rebuild, scale } from '../graph/build.js';
import { type Node, topological } from '../graph/node.js';
import { cheapProducts, isOneNumber, isProduct } from './cheap-products.js';
import { spread, usersOf } from './rebuild.js';

/**
 * A number in a product costs a pass over memory, or keeps an array alive that holds another one times that number (−2t beside the
 * values t of a tanh, which the curvature, its adjoint and the adjoint of the slope all want). So numbers move to where they cost
 * nothing:
 * - out of a product that others multiply further, into these: (c·x)·y = c·(x·y), Σ (c·x)·y = c·Σ x·y;
 * - into what is one number a sample anyway: c·(s·x) = (c·s)·x, where s may be a factor of a factor, if all who use that one
 *   multiply by the same c.
 *
 * What is multiplied with what, and when, stays otherwise as it was, and so do numbers beyond 2⁴ or below 2⁻⁴: a product must not
 * leave the range of its dtype because of the order of its factors.
 */
export function moveNumbers(outputs: readonly Node[]): Node[] {
  const nodes = topological(outputs);
  const { products, parts } = productsOf(nodes, outputs);
  for (const product of products.values()) hoist(product);
  for (const product of [...products.values()].toReversed()) sink(product);

  const hoisted = new Map<Node, number>();
  for (const { sums, hoisted: c } of products.values()) {
    for (const sum of c === 1 ? [] : sums) hoisted.set(sum, (hoisted.get(sum) ?? 1) * c);
  }
  const done = new Map<Node, Node>();
  for (const node of nodes) {
    const product = products.get(node);
    const inputs = node.inputs.map((x) => done.get(x)!);
    const moved = product && isTouched(product) ? multiplied(product, parts, done) : rebuild(node, inputs);
    done.set(node, scale(hoisted.get(node) ?? 1, moved));
  }
  return outputs.map((node) => done.get(node)!);
}

/** A product with all its factors: what served only another product of the same shape is a part of that one. */
interface Product {
  readonly node: Node;
  /** All but the number. */
  readonly factors: readonly Node[];
  /** The number among the factors, as it was and as it is now. */
  readonly before: number;
  number: number;
  /** What those who read this product multiply by instead. */
  hoisted: number;
  /** Who reads it, as often as they do: other products, contractions to one number a sample, anything else. */
  readonly users: Product[];
  readonly sums: Node[];
  others: number;
  /** A factor that is one number a sample, of a product that is more: it takes a number in for nothing. */
  readonly host: Node | undefined;
  /** A part of it is a part of others too. */
  readonly isSpread: boolean;
}

const isMovable = (c: number): boolean => Math.abs(c) <= 16 && Math.abs(c) >= 1 / 16;
const numberOf = (x: Node): number | undefined => {
  const c = fullValue(x);
  return c !== undefined && isMovable(c) ? c : undefined;
};
const isTouched = (p: Product): boolean =>
  p.number !== p.before || (isMovable(p.number) && (p.isSpread || (p.number !== 1 && p.host !== undefined)));

/** The products of a graph by their nodes, factors first, and the nodes that are parts of them. */
function productsOf(
  nodes: readonly Node[],
  outputs: readonly Node[],
): { readonly products: ReadonlyMap<Node, Product>; readonly parts: ReadonlySet<Node> } {
  const users = usersOf(nodes, outputs);
  const isShared = (node: Node): boolean => users.get(node)!.length > 1;
  const isCheap = cheapProducts(users);
  const isPart = (node: Node): boolean =>
    isProduct(node) &&
    users.get(node)!.every((user) => user && isProduct(user) && shapesEqual(user.shape, node.shape)) &&
    (!isShared(node) || isCheap(node));
  const parts = new Set(nodes.filter(isPart));
  const products = new Map<Node, Product>();
  for (const node of nodes) {
    if (!isProduct(node) || parts.has(node)) continue;
    const all = spread(node, (x) => parts.has(x));
    const number = all.reduce((c, x) => c * (numberOf(x) ?? 1), 1);
    const factors = all.filter((x) => numberOf(x) === undefined);
    const host = size(node.shape) > 1 ? factors.find(isOneNumber) : undefined;
    const product: Product = {
      ...{ node, factors, before: number, number, hoisted: 1, users: [], sums: [], others: 0 },
      // Twice among the factors it would take the number in twice.
      host: factors.indexOf(host!) === factors.lastIndexOf(host!) ? host : undefined,
      isSpread: node.inputs.some((x) => isShared(x) && parts.has(x)),
    };
    for (const factor of factors) products.get(factor)?.users.push(product);
    products.set(node, product);
  }
  for (const product of products.values()) {
    for (const user of users.get(product.node)!) {
      if (user?.op === 'einsum' && user.inputs.length > 1 && isOneNumber(user)) product.sums.push(user);
      else if (!user || !isProduct(user)) product.others++;
    }
  }
  return { products, parts };
}

/** Hands the number to those who read the product, if all of them can have it at no cost. */
function hoist(product: Product): void {
  const { node, factors, number, users, others, host } = product;
  if (number === 1 || !isMovable(number) || host || others > 0 || users.length === 0) return;
  const takes = (user: Product): boolean =>
    size(user.node.shape) === size(node.shape) &&
    isMovable(user.number) &&
    isMovable(user.number * number) &&
    (user.number !== 1 || user.host !== undefined || user.factors.length <= 2 || factors.length === 1);
  if (!users.every(takes)) return;
  for (const user of users) user.number *= number;
  product.number = 1;
  product.hoisted = number;
}

/** Takes the number all readers multiply by, where it costs nothing. */
function sink(product: Product): void {
  const { users, sums, others, number } = product;
  const c = users[0]?.number ?? 1;
  if (c === 1 || !isMovable(c) || !isMovable(number * c) || sums.length > 0 || others > 0 || !product.host) return;
  const gives = (user: Product): boolean =>
    user.number === c && !user.host && user.factors.filter((x) => x === product.node).length === 1;
  if (!users.every(gives)) return;
  for (const user of users) user.number = 1;
  product.number *= c;
}

/** The product anew: its number with a factor that is one number a sample, or at the end, where no two products share it. */
function multiplied(product: Product, parts: ReadonlySet<Node>, done: ReadonlyMap<Node, Node>): Node {
  const { node, number } = product;
  const host = isMovable(number) ? product.host : undefined;
  const isInside = (x: Node): boolean => x === node || parts.has(x);
  const without = new Map<Node, Node | undefined>();
  const factor = (x: Node): Node | undefined => {
    if (isInside(x)) return without.get(x);
    if (numberOf(x) !== undefined) return undefined;
    return x === host ? scale(number, done.get(x)!) : done.get(x);
  };
  for (const x of topological([node], (y) => !isInside(y))) {
    if (!isInside(x)) continue;
    const [a, b] = x.inputs.map(factor);
    without.set(x, a && b ? mul(a, b) : (a ?? b));
  }
  const all = without.get(node)!;
  return broadcastTo(host ? all : scale(number, all), node.shape);
}
