import { describe, expect, it } from 'vitest';
import { ConcreteArray } from '../../lib/array/array.js';
import { elementwiseNode, input } from '../../lib/graph/build.js';
import { elementwise } from '../../lib/graph/elementwise.js';
import { interpret } from '../../lib/graph/interpret.js';
import { erf, erfc } from '../../lib/graph/math.js';
import type { ElementwiseOp, Node } from '../../lib/graph/node.js';

/** Where each operation is looked at: inside its domain, away from kinks, on both sides of 0 where it has them. */
const arguments_: Partial<Record<ElementwiseOp, number[][]>> = {
  sqrt: [[0.3], [2], [70]],
  log: [[0.3], [2], [70]],
  log1p: [[-0.6], [1e-3], [5]],
  reciprocal: [[-2], [0.4], [9]],
  div: [
    [1, -2],
    [-3, 0.5],
    [0.2, 7],
  ],
  pow: [
    [0.5, 2.5],
    [3, -1.5],
    [1.2, 0.3],
  ],
  atan2: [
    [1, 2],
    [-1, 0.5],
    [0.3, -2],
    [-2, -1],
  ],
  maximum: [
    [1, 2],
    [2, 1],
    [-3, -4],
  ],
  minimum: [
    [1, 2],
    [2, 1],
    [-3, -4],
  ],
  select: [
    [1, 0.3, 0.7],
    [0, 0.3, 0.7],
  ],
  step: [[-1.3], [0.7]],
  sign: [[-1.3], [0.7]],
  floor: [[-1.3], [0.7]],
};
const unary = [[-2.5], [-0.4], [0.3], [1.7]];
const binary = [
  [-1.2, 0.7],
  [0.4, 2.5],
  [1.5, -0.3],
];

/** The value of a node that depends on scalar inputs. */
function valueAt(node: Node | null, at: readonly number[]): number {
  if (!node) return 0;
  return interpret(
    [node],
    at.map((x) => new ConcreteArray(Float64Array.of(x), [])),
  )[0]!.item();
}

const differentiable = (Object.keys(elementwise) as ElementwiseOp[]).filter((op) => !elementwise[op].predicate);

describe.each(differentiable)('%s', (op) => {
  const rule = elementwise[op];
  const cases = arguments_[op] ?? (rule.arity === 1 ? unary : binary);
  const inputs = cases[0]!.map((_, i) => input(i, [], op === 'select' && i === 0 ? 'bool' : 'float64'));
  const node = elementwiseNode(op, ...inputs);
  const [first, second] = [rule.first(inputs, node), rule.second(inputs, node)];

  /**
   * Central differences of sixth order at steps h, 2h, 3h: for functions whose derivatives grow like those of 1/x at distance 0.3 the
   * truncation is h⁶ f⁽⁷⁾/140 ≈ (h/0.3)⁶·40 = 6e-8 at h = 0.01 at worst, the rounding 1e-16/h = 1e-14.
   */
  const slope = (f: (at: readonly number[]) => number, at: readonly number[], p: number) => {
    const h = 0.01;
    const shifted = (s: number) => f(at.with(p, at[p]! + s * h)) - f(at.with(p, at[p]! - s * h));
    return (45 * shifted(1) - 9 * shifted(2) + shifted(3)) / (60 * h);
  };
  const operands = op === 'select' ? [1, 2] : inputs.map((_, p) => p);

  it.each(cases.map((at) => [at]))('first and second partial derivatives at %j', (at) => {
    const f = (x: readonly number[]) => rule.evaluate(x[0]!, x[1] ?? 0, x[2] ?? 0);
    for (const p of operands) {
      const expected = slope(f, at, p);
      expect(valueAt(first[p]!, at)).toBeCloseTo(expected, expected > 100 ? 3 : 6);
      for (const q of operands) {
        const curvature = slope((x) => valueAt(first[p]!, x), at, q);
        expect(Math.abs(valueAt(second[p]![q]!, at) - curvature)).toBeLessThan(1e-5 * Math.max(1, Math.abs(curvature)));
      }
    }
  });

  it('second partial derivatives are symmetric', () => {
    for (const p of operands) {
      for (const q of operands) {
        for (const at of cases) expect(valueAt(second[p]![q]!, at)).toBe(valueAt(second[q]![p]!, at));
      }
    }
  });
});

describe('where a formula leaves a choice, it is JAX’s', () => {
  const x = input(0, [], 'float64');
  const y = input(1, [], 'float64');
  const partials = (op: ElementwiseOp, at: number[]) => {
    const operands = at.length === 1 ? [x] : [x, y];
    const node = elementwiseNode(op, ...operands);
    return elementwise[op].first(operands, node).map((partial) => valueAt(partial, at));
  };

  it.each<[ElementwiseOp, number[], number[]]>([
    ['relu', [0], [0]],
    ['abs', [0], [0]],
    ['sign', [0], [0]],
    ['maximum', [1, 1], [0.5, 0.5]],
    ['minimum', [1, 1], [0.5, 0.5]],
    ['sigmoid', [-800], [0]],
    ['sigmoid', [800], [0]],
    ['softplus', [800], [1]],
    ['softplus', [-800], [0]],
    ['tanh', [400], [0]],
    ['pow', [0, 2.5], [0, 0]],
    ['erf', [30], [0]],
  ])('%s at %j', (op, at, expected) => {
    expect(partials(op, at).map((value) => value + 0)).toEqual(expected);
  });
});

describe('the error function of the interpreter', () => {
  // Abramowitz & Stegun's definitions to 20 digits, from mpmath.
  it.each([
    [0, 0, 1],
    [1e-10, 1.1283791670955126e-10, 0.9999999998871621],
    [0.5, 0.5204998778130465, 0.4795001221869535],
    [1, 0.8427007929497149, 0.15729920705028513],
    [1.9999, 0.9953201979070294, 0.004679802092970608],
    [2, 0.9953222650189527, 0.004677734981047266],
    [3.5, 0.9999992569016276, 7.430983723414128e-7],
    [6, 1, 2.1519736712498913e-17],
    [10, 1, 2.088487583762545e-45],
    [26, 1, 5.663192408856143e-296],
    [30, 1, 0],
  ])('erf and erfc at %d', (at, value, complement) => {
    expect(Math.abs(erf(at) - value)).toBeLessThanOrEqual(4.5e-16 * value);
    expect(erf(-at) + 0).toBe(-erf(at) + 0);
    // Beyond 2 relatively accurate; before, 1 − erf loses what erfc is smaller than 1.
    expect(Math.abs(erfc(at) - complement)).toBeLessThanOrEqual(at >= 2 ? 2e-14 * complement : 4.5e-16);
    expect(Math.abs(erfc(-at) - (1 + value))).toBeLessThanOrEqual(4.5e-16);
  });

  it('not a number, and infinities', () => {
    expect([erf(Number.NaN), erfc(Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
    expect([erf(Infinity), erf(-Infinity), erfc(Infinity), erfc(-Infinity)]).toEqual([1, -1, 0, 2]);
  });
});
