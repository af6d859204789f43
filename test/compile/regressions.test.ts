import { describe, expect, it } from 'vitest';
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

  it('one number added to every row of a product is no bias', () => {
    const X = np.stack([vector(3), np.mul(2, vector(3))]);
    const mapped = (t: (given: Array) => Array) =>
      vmap((x: Array, b: Array) => np.add(np.matmul(x, W), t(b)), [0, null]);
    const numbers = vector(6);
    for (const t of [(b: Array) => b.at([1, 2]), (b: Array) => np.exp(b.at([1, 2])), (b: Array) => b.at([0, 1])]) {
      expectClose(native(mapped(t))(X, numbers), interpreted(mapped(t))(X, numbers), 1e-12);
    }
    const one = (b: Array) => b;
    expectClose(native(mapped(one))(X, vector(1)), interpreted(mapped(one))(X, vector(1)), 1e-12);
    const whole = (A: Array, b: Array) => np.add(np.matmul(A, W), np.exp(b));
    expectClose(native(whole)(X, vector(1)), interpreted(whole)(X, vector(1)), 1e-12);
  });

  it('one mapped sample beside many rows is spread over them', () => {
    const sines = vmap((x: Array) => np.sin(x));
    const one = np.reshape(vector(3), [1, 3]);
    const many = np.stack([vector(3), np.mul(2, vector(3)), np.cos(vector(3)), np.exp(vector(3))]);
    const plain = (X: Array, C: Array) => np.add(sines(X), C);
    const summed = (X: Array, C: Array) => np.sum(np.square(np.add(sines(X), C)));
    for (const [f, args] of [
      [plain, [one, many]],
      [summed, [one, many]],
      [grad(summed, { argnums: [0, 1] }), [one, many]],
    ] as const) {
      expectClose(native(f as never)(...args), interpreted(f as never)(...args), 1e-12);
    }
    const fit = (w: Array, X: Array, y: Array) => np.mean(np.square(np.sub(vmap((x: Array) => np.dot(x, w))(X), y)));
    expectClose(grad(fit)(np.zeros(2), np.ones([1, 2]), np.array([1, 2, 3])), np.array([-4, -4]), 1e-6);
  });

  it("a result that is asked for twice, in a dtype that is not the program's", () => {
    const both = vmap((x: Array) => ({ inside: np.greater(x, 0), active: np.greater(x, 0) }));
    const { inside, active } = both(
      np.array([
        [1, -1],
        [2, 3],
      ]),
    );
    for (const x of [inside, active])
      expect([x.dtype, x.toArray()]).toEqual([
        'bool',
        [
          [1, 0],
          [1, 1],
        ],
      ]);
    const P = np.array({ data: Float64Array.of(1, 2), shape: [2] });
    const narrow = np.array([
      [1, 2],
      [3, 4],
    ]);
    const twice = vmap((v: Array) => [np.sin(v), np.dot(np.sin(v), P), np.sin(v)]);
    const [first, , second] = twice(narrow) as Array[];
    expect(first!.dtype).toBe('float32');
    expectSame(first!, second!);
    expectClose(first!, np.sin(narrow), 1e-6);
  });

  it('a diagonal of one of two equal factors is not exchanged with the other', () => {
    const A = np.array([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    const term = vmap((a: Array, w: Array) => np.einsum('ii,ij,k->ijk', a, a, w));
    const f = (B: Array, v: Array) => np.sum(term(B, v), { axis: 0 });
    expect((native(f)(A, np.ones([2, 2])) as Array).at(null, null, 0).toArray()).toEqual([
      [2, 4],
      [24, 32],
    ]);
  });

  it('an empty slice of an axis of length 1 is empty', () => {
    const x = np.array([1]);
    const tail = (y: Array) => np.exp(y).at([1, null]);
    expect((native(tail)(x) as Array).shape).toEqual([0]);
    expect(jacfwd(tail)(x).shape).toEqual([0, 1]);
    expect(vmap(tail)(np.array([[1], [2]])).shape).toEqual([2, 0]);
    for (const f of [
      (y: Array) => np.sum(tail(y)),
      (y: Array) => np.sum(np.square(np.reshape(y, [1, 1]).at([1, null]))),
      (y: Array) => np.sum(np.stack([np.sin(y)]).at([1, null])),
      (y: Array) => np.sum(np.einsum('i,j->ij', y, y).at([1, null])),
      (y: Array) =>
        np.sum(
          np.square(
            np
              .tanh(y)
              .at([1, null])
              .sub(np.tanh(y).at([0, -1])),
          ),
        ),
    ]) {
      expect((native(f)(x) as Array).item()).toBe(0);
      expect(grad(f)(x).toArray()).toEqual([0]);
      expect(hessian(f)(x).toArray()).toEqual([[0]]);
    }
  });

  it('constants whose product is out of range are not multiplied', () => {
    for (const [a, b, x] of [
      [1e30, 1e30, 1e-30],
      [1e-34, 1e-34, 1e30],
      [1e-23, 1e-19, 1e10],
    ] as const) {
      const f = (y: Array) => y.mul(a).mul(b);
      expectClose(native(f)(np.array([x])), f(np.array([x])), 1e-7);
    }
  });

  it('pairs of samples: what is mapped, whole and for each of them, stays pairs', () => {
    const matrix = (n: number, m: number) => np.reshape(vector(n * m), [n, m]);
    for (const N of [3, 4]) {
      const f = (x: Array, w: Array) => {
        const rows = vmap((p: Array) => np.sin(p), 1, 0)(x);
        return np.mean(vmap((p: Array) => np.matmul(np.mul(rows, p), w), 0, 1)(rows), { axis: 0 });
      };
      const args = [matrix(6, N), matrix(6, 4)];
      expectClose(native(f)(...args), interpreted(f)(...args), 1e-12);
      const derivative = grad((x: Array, w: Array) => np.sum(np.sin(f(x, w))), { argnums: [0, 1] });
      expectClose(native(derivative)(...args), interpreted(derivative)(...args), 1e-12);
    }
  });

  it('results of more axes than an instruction has', () => {
    const W = np.reshape(vector(8), [2, 2, 2]);
    const x = np.reshape(np.cos(vector(4)), [2, 2]);
    const f = hessian((A: Array, y: Array) => np.sin(np.einsum('oik,ik->ok', A, y)));
    const H = native(f)(W, x) as Array;
    expect(H.shape).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
    expectClose(H, interpreted(f)(W, x), 1e-12);
    const tall = (y: Array) => np.add(np.reshape(y, [1, 2, 1, 2, 1, 1, 1]), np.reshape(y, [2, 1, 2, 1, 1, 1, 1]));
    expectClose(native(tall)(x), interpreted(tall)(x), 1e-12);
  });

  it('rows that turn out to be pairs when axes were taken for one: the search ends', () => {
    const c = vector(4);
    const f = grad((X: Array) => {
      const h = vmap((x: Array) => np.tanh(x))(X);
      return np.square(np.sum(vmap((x: Array) => np.tanh(np.matmul(h, np.outer(x, c))))(X)));
    });
    const X = np.reshape(vector(21), [7, 3]);
    expectClose(native(f)(X), interpreted(f)(X), 1e-11);
  });
});
