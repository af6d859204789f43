import { describe, expect, it } from 'vitest';
import { fuseGrams } from '../../lib/compile/grams.js';
import type { Draft } from '../../lib/compile/loop.js';
import type { Buffer } from '../../lib/compile/views.js';
import { explain, grad, hessian, jit, type Array as NdArray, numpy as np, random, vmap } from '../../lib/index.js';

/** A tanh network of d inputs with three hidden layers, its parameters, and a batch. */
function problem(d: number) {
  const widths = [d, 7, 5, 6];
  const params = widths.slice(1).map((n, i) => ({
    kernel: random.normal(random.PRNGKey(i), [widths[i]!, n], { dtype: 'float64' }),
    bias: random.normal(random.PRNGKey(10 + i), [n], { dtype: 'float64' }),
  }));
  const last = random.normal(random.PRNGKey(20), [6], { dtype: 'float64' });
  const u = (layers: typeof params, x: NdArray) =>
    np.dot(
      layers.reduce((h, { kernel, bias }) => np.tanh(np.add(np.matmul(h, kernel), bias)), x),
      last,
    );
  return { u, params, X: random.normal(random.PRNGKey(30), [40, d], { dtype: 'float64' }) };
}

type Problem = ReturnType<typeof problem>;

const hessians = ({ u }: Problem) => vmap(hessian(u, { argnums: 1 }), [null, 0]);

const fused = (p: Problem): number =>
  explain(hessians(p))(p.params, p.X).loops.reduce((n, loop) => n + (loop.instructions['dense with gram'] ?? 0), 0);

/** Second differences of the gradient. */
function differences({ u, params, X }: Problem): number[] {
  const [N, d] = X.shape as [number, number];
  const gradient = jit(vmap(grad(u, { argnums: 1 }), [null, 0]));
  const h = 1e-5;
  const moved = (j: number, by: number) => {
    const x = X.data.slice();
    for (let s = 0; s < N; s++) x[s * d + j]! += by;
    return gradient(params, np.reshape(np.array(x), [N, d])) as NdArray;
  };
  const columns = Array.from({ length: d }, (_, j) => [moved(j, h), moved(j, -h)] as const);
  const H = new Array<number>(N * d * d);
  for (let s = 0; s < N; s++) {
    for (let i = 0; i < d; i++) {
      columns.forEach(([after, before], j) => {
        H[(s * d + i) * d + j] = (after.data[s * d + i]! - before.data[s * d + i]!) / (2 * h);
      });
    }
  }
  return H;
}

describe('a product and its contraction with itself', () => {
  it.each([2, 3, 4])('are one instruction for %i inputs', (d) => {
    const p = problem(d);
    expect(fused(p)).toBe(2);
    const expected = differences(p);
    (jit(hessians(p))(p.params, p.X) as NdArray).data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });

  it('are one instruction, and the same to the bit, where parameters are captured', () => {
    const p = problem(3);
    const captured = vmap(hessian((x: NdArray) => p.u(p.params, x)));
    const instructions = explain(captured)(p.X).loops.map((loop) => loop.instructions);
    expect(instructions).toEqual(explain(hessians(p))(p.params, p.X).loops.map((loop) => loop.instructions));
    expect((jit(captured)(p.X) as NdArray).data).toEqual((jit(hessians(p))(p.params, p.X) as NdArray).data);
  });

  it('are symmetric to the bit where all of them is constant', () => {
    const { params, X } = problem(3);
    const { kernel, bias } = params[0]!;
    const quadratic = (x: NdArray) => np.dot(np.square(np.matmul(x, kernel)), bias);
    const H = vmap(hessian(quadratic))(X) as NdArray;
    expect(H.data).toEqual((np.transpose(H, [0, 2, 1]) as NdArray).data);
  });

  it('are two for more', () => {
    expect(fused(problem(5))).toBe(0);
  });
});

describe('fuseGrams', () => {
  const buffer = (size = 60): Buffer => ({ space: 'panel', index: 0, size, offset: -1 });
  const strided = (b: Buffer, ...strides: number[]) => ({
    view: { buffer: b, offset: 0, shape: strides.map(() => 1), strides },
    strides,
  });
  const W: Buffer = { space: 'input', index: 0, size: 400, offset: 0 };
  const [x, product, scaled, scale, t, g, w, out] = Array.from({ length: 8 }, () => buffer()) as [
    ...[Buffer, Buffer, Buffer, Buffer],
    ...[Buffer, Buffer, Buffer, Buffer],
  ];
  const draft = (name: string, reads: Buffer[], writes: Buffer[], more: Partial<Draft> = {}): Draft => ({
    ...{ name, reads, writes, work: { multiplyAdds: 1 }, emit: () => {} },
    ...more,
  });
  const weights = draft('mulMul', [t, g], [w], {
    weight: { K: 20, factor: -2, a: strided(t, 1), b: strided(g, 1), out: strided(w, 1) },
  });
  const dense = draft('dense', [W, x, scale], [scaled, product], {
    dense: {
      ...{ J: 20, K: 20, C: 3, W: strided(W, 20, 1), x: strided(x, 3, 1), product: strided(product, 3, 1) },
      scaled: { out: strided(scaled, 3, 1), scale: strided(scale, 1) },
    },
  });
  const gram = draft('gram', [product, product, w, out], [out], {
    gram: {
      ...{ accumulate: true, I: 3, K: 20, a: strided(product, 1, 3) },
      ...{ w: strided(w, 1), out: strided(out, 3, 1) },
    },
  });
  const other = (reads: Buffer[], writes: Buffer[]) => draft('other', reads, writes);
  const names = (...drafts: Draft[]) => fuseGrams(drafts).map(({ name }) => name);

  it('takes in the product and the weights', () => {
    expect(names(weights, dense, gram)).toEqual(['dense with gram']);
    expect(names(dense, weights, gram, other([scaled, out], []))).toEqual(['dense with gram', 'other']);
  });

  it('reads and writes what its parts did', () => {
    const [fused] = fuseGrams([weights, dense, gram]) as [Draft];
    expect(new Set(fused.reads)).toEqual(new Set([W, x, scale, t, g, out]));
    expect(new Set(fused.writes)).toEqual(new Set([out, scaled]));
  });

  it('leaves a product alone that is read elsewhere', () => {
    expect(names(weights, dense, gram, other([product], []))).toEqual(['mulMul', 'dense', 'gram', 'other']);
  });

  it('leaves weights where they are that are read elsewhere', () => {
    expect(names(weights, dense, gram, other([w], []))).toEqual(['mulMul', 'dense with gram', 'other']);
  });

  it.each([
    ['that is needed between', other([scaled], [])],
    ['whose operand is written between', other([], [x])],
    ['whose scale is written between', other([], [scale])],
  ])('does not move a product %s', (_, between) => {
    expect(names(weights, dense, between, gram)).toEqual(['mulMul', 'dense', 'other', 'gram']);
  });

  it('does not take weights whose operand is written between', () => {
    expect(names(weights, other([], [t]), dense, gram)).toEqual(['mulMul', 'other', 'dense', 'gram']);
  });
});
