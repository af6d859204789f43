import type { Array, ArrayLike, DType } from '../array/array.js';
import {
  add as addNodes,
  convert,
  div as divNodes,
  elementwiseNode,
  full,
  mul as mulNodes,
  neg as negNodes,
  sub as subNodes,
} from '../graph/build.js';
import type { ElementwiseOp, Node } from '../graph/node.js';
import { NablaError } from '../runtime/errors.js';
import { toArray } from '../trace/trace.js';
import { apply, floatOp, isFloat, promote } from './apply.js';

const unary =
  (op: ElementwiseOp) =>
  (x: ArrayLike): Array =>
    floatOp(op, [x], ([a]) => elementwiseNode(op, a!));

const binary =
  (op: ElementwiseOp) =>
  (x: ArrayLike, y: ArrayLike): Array =>
    floatOp(op, [x, y], ([a, b]) => elementwiseNode(op, a!, b!));

/*
 * Entry by entry, with numpy's broadcasting. float32 and float64 arrays of any shape (mixed: float64), numbers and nested
 * lists; integers and booleans are refused with ERR_NABLA_DTYPE, shapes that do not broadcast with ERR_NABLA_SHAPE.
 */

export const add = (x: ArrayLike, y: ArrayLike): Array => floatOp('add', [x, y], ([a, b]) => addNodes(a!, b!));
export const sub = (x: ArrayLike, y: ArrayLike): Array => floatOp('sub', [x, y], ([a, b]) => subNodes(a!, b!));
export const mul = (x: ArrayLike, y: ArrayLike): Array => floatOp('mul', [x, y], ([a, b]) => mulNodes(a!, b!));
export const div = (x: ArrayLike, y: ArrayLike): Array => floatOp('div', [x, y], ([a, b]) => divNodes(a!, b!));
export const neg = (x: ArrayLike): Array => floatOp('neg', [x], ([a]) => negNodes(a!));

export const abs = unary('abs');
/** −1, 0 or 1; its derivative is 0. */
export const sign = unary('sign');
export const floor = unary('floor');
/** x². */
export const square = unary('square');
export const sqrt = unary('sqrt');
/** 1/x. */
export const reciprocal = unary('reciprocal');
export const exp = unary('exp');
/** eˣ − 1, accurate near 0. */
export const expm1 = unary('expm1');
export const log = unary('log');
/** log(1 + x), accurate near 0. */
export const log1p = unary('log1p');
export const sin = unary('sin');
export const cos = unary('cos');
export const tan = (x: ArrayLike): Array => div(sin(x), cos(x));
/** (eˣ − e⁻ˣ)/2 from differences to 1, so that nothing cancels near 0. */
export const sinh = (x: ArrayLike): Array => mul(0.5, sub(expm1(x), expm1(neg(x))));
export const cosh = (x: ArrayLike): Array => mul(0.5, add(exp(x), exp(neg(x))));
export const tanh = unary('tanh');
/** 1/(1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid');
/** log(1 + eˣ). */
export const softplus = unary('softplus');
export const erf = unary('erf');
/** 1 − erf x, accurate in the right tail. */
export const erfc = unary('erfc');
/** max(x, 0); NaN stays NaN, and the derivative at 0 is 0. */
export const relu = unary('relu');
export const maximum = binary('maximum');
export const minimum = binary('minimum');
/** The angle of (x, y), in (−π, π]. */
export const atan2 = binary('atan2');

/**
 * x to the power y. A whole number as exponent is a product (exact signs, derivatives everywhere); any other exponent
 * needs x ≥ 0.
 */
export function pow(x: ArrayLike, y: ArrayLike): Array {
  if (typeof y === 'number' && Number.isInteger(y) && Math.abs(y) <= 1024)
    return floatOp('pow', [x], ([a]) => integerPower(a!, y));
  return floatOp('pow', [x, y], ([a, b]) => elementwiseNode('pow', a!, b!));
}

/** By repeated squaring: ⌊log₂ n⌋ squarings and a product for every further bit of n. */
function integerPower(x: Node, n: number): Node {
  // 1/xⁿ is rounded least, but its derivative has 1/(xⁿ)² in it, which leaves the range of float32 long before the derivative itself
  // does (r⁻¹² at r = 0.02).
  if (n < -2) return integerPower(elementwiseNode('reciprocal', x), -n);
  if (n < 0) return elementwiseNode('reciprocal', integerPower(x, -n));
  if (n === 0) return full(1, x.shape, x.dtype);
  let result: Node | undefined;
  let base = x;
  for (let left = n; ; base = elementwiseNode('square', base)) {
    if (left % 2 === 1) result = result ? mulNodes(result, base) : base;
    left = Math.floor(left / 2);
    if (left === 0) return result!;
  }
}

const comparison =
  (op: ElementwiseOp) =>
  (x: ArrayLike, y: ArrayLike): Array =>
    floatOp(op, [x, y], ([a, b]) => elementwiseNode(op, a!, b!));

/* Predicates: the result has dtype bool, and derivative 0. */
export const less = comparison('less');
export const lessEqual = comparison('lessEqual');
export const greater = comparison('greater');
export const greaterEqual = comparison('greaterEqual');
export const equal = comparison('equal');
export const notEqual = comparison('notEqual');

const logical =
  (op: 'and' | 'or' | 'not') =>
  (...xs: ArrayLike[]): Array =>
    apply(
      xs.map((x) => requireBool(`logical ${op}`, toArray(x, op))),
      (nodes) => elementwiseNode(op, ...nodes),
    );

export const logicalAnd = (x: ArrayLike, y: ArrayLike): Array => logical('and')(x, y);
export const logicalOr = (x: ArrayLike, y: ArrayLike): Array => logical('or')(x, y);
export const logicalNot = (x: ArrayLike): Array => logical('not')(x);

function requireBool(op: string, x: Array): Array {
  if (x.dtype === 'bool') return x;
  throw new NablaError(
    'ERR_NABLA_DTYPE',
    `${op}: expected booleans but received ${x.dtype}; compare first, as in np.greater(x, 0)`,
    {
      operation: op,
      dtype: x.dtype,
    },
  );
}

/** `x` where `condition` holds, else `y`. The branch not taken contributes no derivative (unless it is infinite or NaN there). */
export function where(condition: ArrayLike, x: ArrayLike, y: ArrayLike): Array {
  const c = requireBool('where', toArray(condition, 'where'));
  const { arrays, dtype } = promote('where', [x, y]);
  return apply([c, ...arrays], ([p, a, b]) => elementwiseNode('select', p!, convert(a!, dtype), convert(b!, dtype)));
}

/** `x` limited to [low, high]. */
export const clip = (x: ArrayLike, low: ArrayLike, high: ArrayLike): Array => minimum(maximum(x, low), high);

/**
 * `x` in another floating-point dtype; from booleans 0 and 1.
 * @throws ERR_NABLA_DTYPE for a conversion of a traced value to or from integers.
 */
export function astypeTraced(x: Array, dtype: DType): Array {
  if ((x.dtype === 'bool' || isFloat(x.dtype)) && isFloat(dtype)) return apply([x], ([a]) => convert(a!, dtype));
  throw new NablaError(
    'ERR_NABLA_DTYPE',
    `astype: a value being traced converts between float32 and float64 and from bool, but this is ${x.dtype} to ${dtype}; convert it outside`,
    { operation: 'astype', dtype: x.dtype, to: dtype },
  );
}
