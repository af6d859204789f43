import {
  add,
  comparison,
  constantLike,
  cos,
  div,
  exp,
  fullValue,
  log,
  mul,
  neg,
  pow,
  reciprocal,
  scale,
  select,
  sigmoid,
  sign,
  sin,
  square,
  step,
  sub,
} from './build.js';
import { erf, erfc, expm1, log1p } from './math.js';
import type { ElementwiseOp, Node } from './node.js';

/**
 * The elementwise primitives, each with everything that is known of it: how many operands it has, its value (for the reference interpreter), its first and its second partial derivatives as graph expressions.
 * `jvp`, `vjp` and the curvature term of the contracted Hessian all follow from the two tables of partials:
 *
 *   jvp: ż = Σ_p f_p ȧ_p,  vjp: ā_p += f_p z̄,  curvature: H += Σ_pq J_pᵀ diag(f_pq z̄) J_q.
 *
 * A partial that is absent (null) is zero everywhere.
 */
export interface ElementwiseRule {
  readonly arity: 1 | 2 | 3;
  /** The result is `bool`; its partials are zero. */
  readonly predicate?: boolean;
  evaluate(a: number, b: number, c: number): number;
  /** ∂f/∂a_p, given the operands and the result. */
  first(inputs: readonly Node[], z: Node): readonly (Node | null)[];
  /** ∂²f/∂a_p∂a_q, symmetric. */
  second(inputs: readonly Node[], z: Node): readonly (readonly (Node | null)[])[];
  /** Of one operand, where it is simple: f''/f'. What has been multiplied by f' can then serve f'' too, and its derivatives. */
  ratio?(x: Node, z: Node): Node;
}

type First = (x: Node, y: Node) => Node | null;

/** A function of one operand, by its first and second derivative in terms of operand x and result y. */
function unary(evaluate: (a: number) => number, first: First, second: First): ElementwiseRule {
  return {
    arity: 1,
    evaluate,
    first: ([x], y) => [first(x!, y)],
    second: ([x], y) => [[second(x!, y)]],
  };
}

/** The same where f'' is f' times something simple. */
function unaryByRatio(
  evaluate: (a: number) => number,
  first: (x: Node, y: Node) => Node,
  ratio: (x: Node, y: Node) => Node,
): ElementwiseRule {
  return { ...unary(evaluate, first, (x, y) => mul(ratio(x, y), first(x, y))), ratio };
}

function binary(
  evaluate: (a: number, b: number) => number,
  first: (a: Node, b: Node, z: Node) => readonly [Node | null, Node | null],
  second: (a: Node, b: Node, z: Node) => readonly [Node | null, Node | null, Node | null],
): ElementwiseRule {
  return {
    arity: 2,
    evaluate,
    first: ([a, b], z) => first(a!, b!, z),
    second: ([a, b], z) => {
      const [aa, ab, bb] = second(a!, b!, z);
      return [
        [aa, ab],
        [ab, bb],
      ];
    },
  };
}

/** A function that is flat wherever it is differentiable, and a predicate if it answers yes or no. */
function flat(arity: 1 | 2, evaluate: (a: number, b: number) => number, predicate = false): ElementwiseRule {
  const none = new Array<null>(arity).fill(null);
  return { arity, predicate, evaluate, first: () => none, second: () => none.map(() => none) };
}

const zero: First = () => null;
const flat2 = () => [null, null, null] as const;
const one = (x: Node) => constantLike(1, x);

const sigmoidValue = (x: number): number => {
  const u = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + u) : u / (1 + u);
};

/** The numerator of max/min's partial: 1 where `a` wins, ½ at a tie, as JAX has it. */
const winner = (op: 'greater' | 'less', a: Node, b: Node): Node =>
  select(
    comparison('equal', a, b),
    constantLike(0.5, a),
    select(comparison(op, a, b), constantLike(1, a), constantLike(0, a)),
  );

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

export const elementwise: Readonly<Record<ElementwiseOp, ElementwiseRule>> = {
  neg: unary(
    (x) => -x,
    (x) => constantLike(-1, x),
    zero,
  ), // (−x)' = −1
  abs: unary(Math.abs, (x) => sign(x), zero), // |x|' = sign x
  sign: flat(1, Math.sign),
  square: unary(
    (x) => x * x,
    (x) => scale(2, x),
    (x) => constantLike(2, x),
  ), // (x²)' = 2x
  sqrt: unary(
    Math.sqrt,
    (_, y) => scale(0.5, reciprocal(y)), // (√x)' = 1/(2√x)
    (x, y) => scale(-0.25, reciprocal(mul(x, y))), // −1/(4 x√x)
  ),
  reciprocal: unary(
    (x) => 1 / x,
    (_, y) => neg(square(y)), // (1/x)' = −1/x²
    (_, y) => scale(2, mul(square(y), y)),
  ),
  exp: unaryByRatio(
    Math.exp,
    (_, y) => y,
    (x) => one(x),
  ),
  expm1: unaryByRatio(
    expm1,
    (x) => exp(x),
    (x) => one(x),
  ),
  log: unary(
    Math.log,
    (x) => reciprocal(x),
    (x) => neg(square(reciprocal(x))),
  ),
  log1p: unary(
    log1p,
    (x) => reciprocal(add(x, one(x))), // log(1+x)' = 1/(1+x)
    (x) => neg(square(reciprocal(add(x, one(x))))),
  ),
  sin: unary(
    Math.sin,
    (x) => cos(x),
    (_, y) => neg(y),
  ),
  cos: unary(
    Math.cos,
    (x) => neg(sin(x)),
    (_, y) => neg(y),
  ),
  tanh: unaryByRatio(
    Math.tanh,
    (x, y) => sub(one(x), square(y)), // tanh' = 1 − tanh²
    (_, y) => scale(-2, y), // tanh'' = −2 tanh·tanh'
  ),
  sigmoid: unaryByRatio(
    sigmoidValue,
    (x, y) => mul(y, sub(one(x), y)), // σ' = σ(1 − σ)
    (x, y) => sub(one(x), scale(2, y)), // σ'' = (1 − 2σ)σ'
  ),
  softplus: unaryByRatio(
    (x) => Math.max(x, 0) + log1p(Math.exp(-Math.abs(x))),
    (x) => sigmoid(x), // log(1+eˣ)' = σ
    (x) => sub(one(x), sigmoid(x)), // σ' = (1 − σ)σ
  ),
  erf: unaryByRatio(
    erf,
    (x) => scale(TWO_OVER_SQRT_PI, exp(neg(square(x)))), // erf' = 2/√π·e^{−x²}
    (x) => scale(-2, x), // (e^{−x²})' = −2x·e^{−x²}
  ),
  erfc: unaryByRatio(
    erfc,
    (x) => scale(-TWO_OVER_SQRT_PI, exp(neg(square(x)))),
    (x) => scale(-2, x),
  ),
  relu: unary(
    (x) => (x < 0 ? 0 : x),
    (x) => step(x),
    zero,
  ), // 0 at 0, as jax.nn.relu
  step: flat(1, (x) => (x > 0 ? 1 : 0)),
  not: flat(1, (x) => (x === 0 ? 1 : 0), true),
  floor: flat(1, Math.floor),
  add: binary(
    (a, b) => a + b,
    (a) => [one(a), one(a)],
    flat2,
  ),
  sub: binary(
    (a, b) => a - b,
    (a) => [one(a), constantLike(-1, a)],
    flat2,
  ),
  mul: binary(
    (a, b) => a * b,
    (a, b) => [b, a],
    (a) => [null, one(a), null],
  ), // (xy)' = x'y + xy'
  div: binary(
    (a, b) => a / b,
    (_, b, z) => [reciprocal(b), neg(div(z, b))],
    (_, b, z) => [null, neg(square(reciprocal(b))), scale(2, div(z, square(b)))],
  ),
  maximum: binary(
    (a, b) => Math.max(a, b),
    (a, b) => [winner('greater', a, b), winner('less', a, b)],
    flat2,
  ),
  minimum: binary(
    (a, b) => Math.min(a, b),
    (a, b) => [winner('less', a, b), winner('greater', a, b)],
    flat2,
  ),
  pow: binary(
    (a, b) => a ** b,
    (a, b, z) => [unlessZero(b, pow(a, sub(b, one(b)))), mul(z, safeLog(a))], // b·a^{b−1}, a^b·log a
    (a, b, z) => [
      unlessZero(mul(b, sub(b, one(b))), pow(a, sub(b, constantLike(2, b)))),
      mul(pow(a, sub(b, one(b))), add(one(b), mul(b, safeLog(a)))),
      mul(z, square(safeLog(a))),
    ],
  ),
  less: flat(2, (a, b) => (a < b ? 1 : 0), true),
  lessEqual: flat(2, (a, b) => (a <= b ? 1 : 0), true),
  greater: flat(2, (a, b) => (a > b ? 1 : 0), true),
  greaterEqual: flat(2, (a, b) => (a >= b ? 1 : 0), true),
  equal: flat(2, (a, b) => (a === b ? 1 : 0), true),
  notEqual: flat(2, (a, b) => (a !== b ? 1 : 0), true),
  and: flat(2, (a, b) => (a !== 0 && b !== 0 ? 1 : 0), true),
  or: flat(2, (a, b) => (a !== 0 || b !== 0 ? 1 : 0), true),
  atan2: binary(
    (y, x) => Math.atan2(y, x),
    (y, x) => {
      const r = reciprocal(add(square(x), square(y)));
      return [mul(x, r), neg(mul(y, r))]; // x/(x²+y²), −y/(x²+y²)
    },
    (y, x) => {
      const r = square(reciprocal(add(square(x), square(y))));
      const xy = scale(2, mul(mul(x, y), r));
      return [neg(xy), mul(sub(square(y), square(x)), r), xy];
    },
  ),
  select: {
    arity: 3,
    evaluate: (c, a, b) => (c !== 0 ? a : b),
    first: ([c, a], z) => [
      null,
      select(c!, constantLike(1, a!), constantLike(0, z)),
      select(c!, constantLike(0, z), constantLike(1, a!)),
    ],
    second: () => [
      [null, null, null],
      [null, null, null],
      [null, null, null],
    ],
  },
};

/** c·x, and 0 where c = 0: a power that is a constant or a line has no curvature, though the power left over may be infinite. */
function unlessZero(c: Node, x: Node): Node {
  const value = fullValue(c);
  if (value !== undefined && value !== 0) return mul(c, x);
  return select(comparison('equal', c, constantLike(0, c)), constantLike(0, c), mul(c, x));
}

/** log a where a^b's derivative in b exists; 0 where a = 0, since 0^b·log 0 is 0 in the limit (JAX does the same). */
function safeLog(a: Node): Node {
  return log(select(comparison('equal', a, constantLike(0, a)), constantLike(1, a), a));
}

/** The rule of an operation, or undefined if it is not elementwise. */
export function elementwiseRule(op: string): ElementwiseRule | undefined {
  return (elementwise as Readonly<Record<string, ElementwiseRule | undefined>>)[op];
}
