import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';
import * as random from '../../lib/random/index.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { vmap } from '../../lib/transform/vmap.js';
import { numbers, relativeError } from '../support/close.js';
import { expressions } from '../support/random-expression.js';
import { afterEveryPass, interpreted, native } from '../support/routes.js';
import { runs } from '../support/runs.js';

/*
 * Functions of whole arrays, and sums over samples: where the compiler has to find out what the samples are. Numbers of samples
 * equal to other lengths are tried on purpose, since sizes must not be what tells axes apart.
 */

const array = (seed: number, ...shape: number[]) =>
  np.tanh(random.normal(random.PRNGKey(seed), shape, { dtype: 'float64' }));

const cases = fc.record({
  expression: expressions(7),
  N: fc.constantFrom(1, 2, 3, 4, 5, 33),
  d: fc.constantFrom(1, 3, 4),
  seed: fc.nat(1000),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const check = (numRuns: number, property: (c: Case) => void) =>
  fc.assert(fc.property(cases, property), { numRuns: runs(numRuns) });

/** As for random graphs: roundings of values of size 1 to N, through derivatives of some 100. */
function agree(actual: unknown, expected: unknown, what: string, tolerance = 1e-11): void {
  const [a, e] = [numbers(actual).flat(), numbers(expected).flat()];
  expect(relativeError(a, e, 1), what).toBeLessThanOrEqual(tolerance);
}

const both = (f: (...args: never[]) => unknown, args: unknown[], what: string) =>
  agree(native(f as never)(...args), interpreted(f as never)(...args), what);

describe('random functions of whole batches', () => {
  it('of the array itself: value, gradient, products with a matrix', () => {
    check(40, ({ expression: { evaluate }, N, d, seed }) => {
      const X = array(seed, N, d);
      const W = array(seed + 1, d, 4);
      const whole = (Y: Array, V: Array) => np.add(evaluate(np.matmul(Y, V)), np.sum(np.sin(Y)));
      both(evaluate, [X], 'value');
      both(grad(evaluate), [X], 'gradient');
      both(valueAndGrad(whole, { argnums: [0, 1] }), [X, W], 'both');
      both(whole, [X, W], 'product');
    });
  });

  it('what is added or multiplied may have any shape that fits: one row, one column, one number', () => {
    check(40, ({ expression: { evaluate }, N, d, seed }) => {
      const X = array(seed, N, d);
      const one = array(seed, 1, d);
      const W = array(seed + 1, d, 4);
      for (const shape of [[1], [4], [1, 1], [1, 4], [N, 1], [N, 4]]) {
        const t = array(seed + 2, ...shape);
        const added = (Y: Array, V: Array, s: Array) => np.sum(np.sin(np.add(np.matmul(Y, V), np.tanh(s))));
        const scaled = (Y: Array, V: Array, s: Array) => np.sum(np.sin(np.mul(np.matmul(Y, V), s)));
        for (const f of [added, scaled]) both(valueAndGrad(f, { argnums: [0, 1, 2] }), [X, W, t], `whole, ${shape}`);
        const spread = (Y: Array, s: Array) => evaluate(np.add(vmap((y: Array) => np.matmul(np.sin(y), W))(Y), s));
        both(valueAndGrad(spread, { argnums: [0, 1] }), [X, t], `mapped, ${shape}`);
        both(valueAndGrad(spread, { argnums: [0, 1] }), [one, t], `one row, ${shape}`);
        if (shape.length > 1) continue;
        const inside = (Y: Array, s: Array) => np.sum(vmap((y: Array) => evaluate(np.add(np.matmul(y, W), s)))(Y));
        both(valueAndGrad(inside, { argnums: [0, 1] }), [X, t], `inside, ${shape}`);
      }
    });
  });

  it('pairs of samples: arrays gathered by one map are read whole and row by row in another', () => {
    check(30, ({ expression: { evaluate }, N, d, seed }) => {
      const X = array(seed, N, d);
      const W = array(seed + 1, d, 4);
      const V = array(seed + 2, 4, 3);
      const gathered = (Y: Array, A: Array) => vmap((y: Array) => np.tanh(np.matmul(np.sin(y), A)))(Y); // [N, 4]
      const pairs = (Y: Array, A: Array, B: Array) => {
        const rows = gathered(Y, A);
        const products = vmap((p: Array) => evaluate(np.matmul(np.mul(rows, p), B)))(rows);
        return np.add(np.sum(products), np.sum(np.matmul(rows, B)));
      };
      const kernel = (Y: Array, A: Array) => {
        const rows = gathered(Y, A);
        const k = vmap((p: Array) => vmap((q: Array) => np.exp(np.neg(np.sum(np.square(np.sub(p, q))))))(rows))(rows);
        return np.sum(np.sin(np.matmul(k, np.matmul(rows, V))));
      };
      both(valueAndGrad(pairs, { argnums: [0, 1, 2] }), [X, W, V], 'pairs');
      both(valueAndGrad(kernel, { argnums: [0, 1] }), [X, W], 'kernel');
    });
  });

  it('second derivatives in the array', () => {
    check(15, ({ expression: { evaluate }, N, d, seed }) => {
      const X = array(seed, Math.min(N, 5), d);
      both(hessian(evaluate), [X], 'hessian');
      agree(hessian(evaluate)(X), jacfwd(grad(evaluate))(X), 'nested');
      both(hessianDiagonal(evaluate), [X], 'diagonal');
      // The same row by row, written as a map.
      const rows = (Y: Array) => vmap((y: Array) => evaluate(y))(Y);
      both(hessian(rows), [X], 'hessian, mapped');
      agree(hessian(rows)(X), jacfwd(jacrev(rows))(X), 'nested, mapped');
      both(
        laplacian((Y: Array) => np.sum(rows(Y))),
        [X],
        'laplacian, mapped',
      );
    });
  });

  it('a mean over samples of functions with shared parameters, and its gradient', () => {
    check(30, ({ expression: { evaluate }, N, d, seed }) => {
      const X = array(seed, N, d);
      const W = array(seed + 1, d, 4);
      const b = array(seed + 2, 4);
      const one = (p: Array[], x: Array) => evaluate(np.tanh(np.add(np.matmul(x, p[0]!), p[1]!)));
      const loss = (p: Array[], Y: Array) => np.mean(np.square(vmap(one, [null, 0])(p, Y)));
      both(valueAndGrad(loss), [[W, b], X], 'loss');
      const laplacians = (p: Array[], Y: Array) => np.sum(vmap(laplacian(one, { argnums: 1 }), [null, 0])(p, Y));
      both(grad(laplacians), [[W, b], X], 'laplacian');
    });
  });

  it('for every sample, derivatives in the parameters all share', () => {
    check(15, ({ expression: { evaluate }, N, d, seed }) => {
      const n = Math.min(N, 5);
      const X = array(seed, n, d);
      const W = array(seed + 1, d, 3);
      const one = (p: Array, x: Array) => evaluate(np.matmul(x, p));
      const each = (f: (p: Array, x: Array) => unknown) =>
        globalThis.Array.from({ length: n }, (_, i) => (f(W, X.at(i)) as Array).toArray());
      agree(vmap(grad(one), [null, 0])(W, X), each(grad(one)), 'gradients');
      agree(vmap(jacfwd(one) as typeof one, [null, 0])(W, X), each(jacrev(one)), 'jacobians');
      agree(vmap(hessian(one) as typeof one, [null, 0])(W, X), each(hessian(one)), 'hessians');
    });
  });

  it('pairs of samples', () => {
    check(15, ({ expression: { evaluate }, N, d, seed }) => {
      const X = array(seed, Math.min(N, 5), d);
      const pair = (x: Array, y: Array) => evaluate(np.sub(x, np.sin(y)));
      const all = (Y: Array) => vmap((x: Array) => vmap((y: Array) => pair(x, y))(Y))(Y);
      both(all, [X], 'all pairs');
      both(
        grad((Y: Array) => np.sum(np.sin(all(Y)))),
        [X],
        'gradient of their sum',
      );
      both(vmap(vmap(grad(pair), [null, 0]), [0, null]), [X, X], 'gradients');
    });
  });

  it('graphs stay well typed, and equal, after every pass of the compiler', () => {
    check(20, ({ expression: { evaluate }, N, d, seed }) => {
      const X = array(seed, Math.min(N, 5), d);
      const W = array(seed + 1, d, 4);
      const whole = (Y: Array, V: Array) => evaluate(np.matmul(Y, V));
      for (const f of [
        grad(whole, { argnums: 1 }),
        vmap(grad(whole, { argnums: 1 }), [0, null]),
        vmap(hessian(whole) as never, [0, null]),
      ]) {
        const [traced, ...later] = afterEveryPass(f as never, [X, W], { values: true });
        for (const { pass, outputs } of later) agree(outputs, traced!.outputs, pass);
      }
    });
  });
});
