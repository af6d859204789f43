import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { hvp, jvp, vjp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectSame, largest, numbers, relativeError } from '../support/close.js';
import { type Expression, expressions, points } from '../support/random-expression.js';
import { afterEveryPass, interpreted, native } from '../support/routes.js';
import { runs } from '../support/runs.js';

const vector = (x: readonly number[]) => np.array(Float64Array.from(x));

/** An expression of up to 14 operations in 1 to 4 variables, at a point. */
const cases = fc
  .integer({ min: 1, max: 4 })
  .chain((d) => fc.tuple(expressions(), points(d), points(d)))
  .map(([expression, x, v]) => ({ expression, x, v }));

interface Case {
  expression: Expression;
  x: number[];
  v: number[];
}

const check = (numRuns: number, property: (c: Case) => void) =>
  fc.assert(fc.property(cases, property), { numRuns: runs(numRuns) });

/**
 * Two routes to the same number differ by roundings: each of some 200 operations contributes at most an ulp of a value whose
 * size all values here share (1 to some 30, after a sum), times derivatives that are below some 100 each. 1e-12 of the larger
 * of the result and 1 leaves that a margin of 10; derivatives of second order get 10 times as much.
 */
const FIRST = 1e-12;
const SECOND = 1e-11;

function agree(actual: unknown, expected: unknown, tolerance: number, what: string): void {
  const [a, e] = [numbers(actual).flat(), numbers(expected).flat()];
  const error = relativeError(a, e, 1);
  expect(error, `${what}\n${a}\n${e}`).toBeLessThanOrEqual(tolerance);
}

describe('random graphs', () => {
  it('the native executor computes what the interpreter does', () => {
    check(40, ({ expression: { evaluate }, x }) => {
      agree(native(evaluate)(vector(x)), interpreted(evaluate)(vector(x)), FIRST, 'value');
      agree(native(grad(evaluate))(vector(x)), interpreted(grad(evaluate))(vector(x)), FIRST, 'gradient');
      agree(native(hessian(evaluate))(vector(x)), interpreted(hessian(evaluate))(vector(x)), SECOND, 'hessian');
    });
  });

  it('in float32: native = interpreter, and near float64', () => {
    check(20, ({ expression: { evaluate }, x }) => {
      const single = np.array(Float32Array.from(x));
      // The interpreter rounds to float32 after every operation, the executor works in it; as above, with 2⁻²⁴ for 2⁻⁵³.
      const tolerance = 1e-12 * 2 ** 29;
      for (const f of [evaluate, grad(evaluate), hessian(evaluate)] as ((y: Array) => Array)[]) {
        const result = native(f)(single) as Array;
        expect(result.dtype).toBe('float32');
        agree(result, interpreted(f)(single), tolerance, 'interpreter');
        agree(result, interpreted(f)(single.astype('float64')), 10 * tolerance, 'float64');
      }
    });
  });

  it('forward = reverse, also where the result is no scalar', () => {
    const general = fc.tuple(expressions(14, false), points(3));
    const property = fc.property(general, ([{ evaluate }, x]) => {
      agree(interpreted(jacfwd(evaluate))(vector(x)), interpreted(jacrev(evaluate))(vector(x)), FIRST, 'interpreted');
      agree(jacfwd(evaluate)(vector(x)), jacrev(evaluate)(vector(x)), FIRST, 'native');
    });
    fc.assert(property, { numRuns: runs(40) });
  });

  it('⟨Jv, w⟩ = ⟨v, Jᵀw⟩', () => {
    const general = fc.tuple(expressions(14, false), points(3), points(3));
    const property = fc.property(general, ([{ evaluate }, x, v]) => {
      const [y, along] = jvp(evaluate, [vector(x)], [vector(v)]) as [Array, Array];
      const w = np.array({ data: Float64Array.from({ length: y.size }, (_, i) => Math.cos(i)), shape: y.shape });
      const [value, pullback] = vjp(evaluate, vector(x));
      agree(value, y, FIRST, 'value');
      const [back] = pullback(w) as unknown as [Array];
      const left = np.sum(np.mul(along, w)).item();
      const right = np.sum(np.mul(vector(v), back)).item();
      // Errors add up over the terms of the two sums.
      const scale = largest(numbers(along).flat()) * y.size + largest(numbers(back).flat()) * 3 + 1;
      expect(Math.abs(left - right)).toBeLessThanOrEqual(FIRST * scale);
    });
    fc.assert(property, { numRuns: runs(30) });
  });

  it('the gradient is that of central differences of sixth order', () => {
    check(30, ({ expression: { evaluate }, x }) => {
      // Coefficients 3/4, −3/20, 1/60 at h, 2h, 3h: truncation O(h⁶) ≈ 1e-14·f⁽⁷⁾/140 at h = 0.005, rounding 1e-16/h·f.
      const h = 0.005;
      const value = interpreted(evaluate);
      const at = (i: number, s: number) => value(vector(x.with(i, x[i]! + s * h))).item();
      const g = grad(evaluate)(vector(x)) as Array;
      x.forEach((_, i) => {
        const difference = (s: number) => at(i, s) - at(i, -s);
        const slope = (45 * difference(1) - 9 * difference(2) + difference(3)) / (60 * h);
        expect(Math.abs(slope - g.data[i]!)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(slope)));
      });
    });
  });

  it('contracted = nested, all ways around', () => {
    check(30, ({ expression: { evaluate }, x }) => {
      const H = hessian(evaluate)(vector(x));
      agree(H, jacfwd(jacrev(evaluate))(vector(x)), SECOND, 'forward over reverse');
      agree(H, jacfwd(jacfwd(evaluate))(vector(x)), SECOND, 'forward over forward');
      agree(H, jacrev(jacrev(evaluate))(vector(x)), SECOND, 'reverse over reverse');
      agree(H, jacrev(grad(evaluate))(vector(x)), SECOND, 'reverse over grad');
    });
  });

  it('gradients of entries of gradients, of one sample and of several: rows of the nested Hessian', () => {
    check(8, ({ expression: { evaluate }, x }) => {
      const rows = x.map((_, k) => grad((y: Array) => (grad(evaluate)(y) as Array).at(k)));
      const several = np.array([x, x.map((a) => -a)], { dtype: 'float64' });
      const H = jacfwd(jacfwd(evaluate))(vector(x)) as Array;
      const Hs = vmap(jacfwd(jacfwd(evaluate)))(several) as Array;
      rows.forEach((row, k) => {
        agree(row(vector(x)), H.at(k), SECOND, 'one');
        agree(vmap(row)(several), Hs.at(null, k), SECOND, 'several');
        const column = (Y: Array) => np.sum((grad((Z: Array) => np.sum(vmap(evaluate)(Z)))(Y) as Array).at(null, k));
        agree(grad(column)(several), Hs.at(null, k), SECOND, 'by sums over the batch');
      });
    });
  }, 120_000);

  it('results that are no scalars: contracted = nested', () => {
    const general = fc.tuple(expressions(8, false), points(3));
    const property = fc.property(general, ([{ evaluate }, x]) => {
      agree(hessian(evaluate)(vector(x)), jacfwd(jacrev(evaluate))(vector(x)), SECOND, 'hessian');
    });
    fc.assert(property, { numRuns: runs(30) });
  });

  it('Hessians are symmetric to the bit, of one sample and of several', () => {
    check(30, ({ expression: { evaluate }, x }) => {
      const H = hessian(evaluate)(vector(x)) as Array;
      expectSame(H, H.T);
      const several = np.array([x, x.map((a) => -a), x.map((a) => a / 3)], { dtype: 'float64' });
      const Hs = vmap(hessian(evaluate))(several) as Array;
      expectSame(Hs, np.transpose(Hs, [0, 2, 1]));
    });
  });

  it('Laplacian and diagonal are trace and diagonal of the Hessian', () => {
    check(30, ({ expression: { evaluate }, x }) => {
      const H = hessian(evaluate)(vector(x)).toArray() as unknown as number[][];
      const scale = largest(H.flat());
      const diagonal = H.map((row, i) => row[i]!);
      agree(hessianDiagonal(evaluate)(vector(x)), diagonal, SECOND * Math.max(1, scale), 'diagonal');
      const trace = diagonal.reduce((a, b) => a + b, 0);
      agree(laplacian(evaluate)(vector(x)), trace, SECOND * Math.max(1, scale), 'laplacian');
    });
  });

  it('hvp is the matrix times the vector, and linear in the vector', () => {
    check(30, ({ expression: { evaluate }, x, v }) => {
      const product = (w: readonly number[]) => hvp(evaluate, [vector(x)], [vector(w)]) as Array;
      const H = hessian(evaluate)(vector(x)) as Array;
      const scale = Math.max(1, largest([...H.data]));
      agree(product(v), np.matmul(H, vector(v)), SECOND * scale, 'H v');
      const e = x.map((_, i) => (i === 0 ? 1 : 0));
      const combined = product(v.map((a, i) => 2 * a - 3 * e[i]!));
      agree(combined, np.sub(np.mul(2, product(v)), np.mul(3, product(e))), SECOND * scale, 'linear');
    });
  });

  it('vmap = a loop over samples; value and gradient are the same however they are asked for', () => {
    const batch = fc.tuple(expressions(), fc.array(points(3), { minLength: 1, maxLength: 5 }));
    const property = fc.property(batch, ([{ evaluate }, X]) => {
      const all = np.array(X, { dtype: 'float64' });
      const [values, gradients] = vmap(valueAndGrad(evaluate))(all) as [Array, Array];
      const hessians = vmap(hessian(evaluate))(all);
      agree(
        values,
        X.map((x) => interpreted(evaluate)(vector(x)).item()),
        FIRST,
        'values',
      );
      agree(
        gradients,
        X.map((x) => (grad(evaluate)(vector(x)) as Array).toArray()),
        FIRST,
        'gradients',
      );
      agree(
        hessians,
        X.map((x) => (hessian(evaluate)(vector(x)) as Array).toArray()),
        SECOND,
        'hessians',
      );
    });
    fc.assert(property, { numRuns: runs(30) });
  });

  it('third derivatives: jacfwd of hessian = grad of Hessian entries', () => {
    const small = fc.tuple(expressions(6), points(2));
    const property = fc.property(small, ([{ evaluate }, x]) => {
      const third = jacfwd(hessian(evaluate))(vector(x));
      agree(third, jacrev(jacfwd(grad(evaluate)))(vector(x)), 10 * SECOND, 'third');
    });
    fc.assert(property, { numRuns: runs(30) });
  });

  it('graphs stay well typed, and equal, after every pass of the compiler', () => {
    check(30, ({ expression: { evaluate }, x }) => {
      const batched = vmap(hessian(evaluate));
      const several = np.array([x, x.map((a) => -a / 2)], { dtype: 'float64' });
      for (const [f, args] of [
        [evaluate, [vector(x)]],
        [grad(evaluate), [vector(x)]],
        [batched, [several]],
      ] as const) {
        const [traced, ...later] = afterEveryPass(f, args, { values: true });
        for (const { pass, outputs } of later) agree(outputs, traced!.outputs, SECOND, pass);
      }
    });
  });
});
