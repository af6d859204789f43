import { describe, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, hessianDiagonal, laplacian } from '../../lib/transform/hessian.js';
import { jacfwd, jacrev } from '../../lib/transform/jacobian.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectClose, expectSame } from '../support/close.js';
import { interpreted, native } from '../support/routes.js';

/* Functions whose programs were once wrong or refused; found at random, kept because they say what can go wrong. */

const vector = (n: number) => np.array(Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1)));
const W = np.array({ data: Float64Array.from({ length: 12 }, (_, i) => Math.sin(i + 1)), shape: [3, 4] });

describe('compiled as interpreted', () => {
  it.each([1, 2, 3, 4])('sums over samples of products that also sum over an axis of one operand: n = %i', (n) => {
    const f = (x: Array) => {
      const column = np.sin(np.reshape(x, [n, 1]));
      const quotient = np.sin(np.div(x, np.add(1.5, np.sin(column))));
      return np.sum(np.add(np.sin(np.matmul(quotient, quotient)), np.sum(quotient)));
    };
    for (const derivative of [grad(f), hessian(f), hessianDiagonal(f), laplacian(f)]) {
      expectClose(native(derivative)(vector(n)), interpreted(derivative)(vector(n)), 1e-12);
    }
  });

  it('an outer product of a vector with itself: its rows and its columns are not the same samples', () => {
    const f = (x: Array) => np.sum(np.sin(np.matmul(np.sin(np.outer(x, x)), W)));
    const X = np.stack([vector(3), np.mul(2, vector(3)), np.cos(vector(3))]);
    for (const [derivative, at] of [
      [hessian(f), vector(3)],
      [vmap(hessian(f)), X],
      [vmap(hessian(f)), X.at([0, 2])],
    ] as const) {
      expectClose(native(derivative as never)(at), interpreted(derivative as never)(at), 1e-12);
    }
    expectClose(hessian(f)(vector(3)), jacfwd(jacrev(f))(vector(3)), 1e-12);
  });

  it('a vector repeated to a matrix, times another', () => {
    const f = (x: Array) => np.sum(np.sin(np.matmul(np.sin(np.broadcastTo(np.sin(x), [3, 3])), W)));
    const X = np.stack([vector(3), np.mul(2, vector(3)), np.cos(vector(3))]);
    expectClose(native(vmap(hessian(f)))(X), interpreted(vmap(hessian(f)))(X), 1e-12);
  });

  it('a Hessian of one sample whose products are summed over rows is symmetric to the bit', () => {
    const f = (A: Array, B: Array, x: Array) => {
      const h = np.sin(np.matmul(x, A));
      return np.sum(np.sin(np.matmul(np.sin(np.stack([h, h])), B)));
    };
    const square = np.matmul(W.T, W);
    for (let seed = 1; seed <= 8; seed++) {
      const H = hessian(f, { argnums: 2 })(W, square, np.mul(seed, vector(3))) as Array;
      expectSame(H, H.T);
    }
  });
});
