import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { counters } from '../../lib/runtime/program.js';
import { evaluate } from '../../lib/transform/evaluate.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian, laplacian } from '../../lib/transform/hessian.js';
import { jit } from '../../lib/transform/jit.js';
import { hvp, vjp } from '../../lib/transform/jvp.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectSame } from '../support/close.js';
import { network } from '../support/random-network.js';

const wrtX = { argnums: 1 } as const;

/** Programs compiled, and run, by `f`. */
function counted(f: () => unknown): { compiled: number; runs: number } {
  const before = counters();
  f();
  const after = counters();
  return { compiled: after.programsCreated - before.programsCreated, runs: after.runs - before.runs };
}

/** A function that counts its calls, which is how often it is traced. */
function tracing<A extends unknown[], R>(f: (...args: A) => R): ((...args: A) => R) & { calls: () => number } {
  let calls = 0;
  const counting = (...args: A): R => {
    calls++;
    return f(...args);
  };
  return Object.assign(counting, { calls: () => calls });
}

const { u, params, points } = network([6, 5, 1], 3, { dtype: 'float32' });
const X = points(10);

describe('without jit', () => {
  it('the same call again traces anew and compiles nothing', () => {
    const f = tracing(u);
    const call = () => vmap(hessian(f, wrtX), [null, 0])(params as never, X);
    expect(counted(call)).toEqual({ compiled: 1, runs: 1 });
    const traced = f.calls();
    expect(counted(call)).toEqual({ compiled: 0, runs: 1 });
    expect(f.calls()).toBe(2 * traced);
  });

  it('new numbers, the same shapes', () => {
    const call = (seed: number) => vmap(grad(u, wrtX), [null, 0])(params as never, points(10, seed));
    call(1);
    expect(counted(() => call(2)).compiled).toBe(0);
  });

  it('another shape or dtype is another program', () => {
    const call = (x: Array) => grad((y: Array) => np.sum(np.sin(np.mul(y, 1.5))))(x);
    call(np.ones([3]));
    expect(counted(() => call(np.ones([4]))).compiled).toBe(1);
    expect(counted(() => call(np.ones([3], { dtype: 'float64' }))).compiled).toBe(1);
    expect(counted(() => call(np.ones([3]))).compiled).toBe(0);
  });

  it('a number captured by the function is part of the program', () => {
    const call = (c: number) => grad((y: Array) => np.sum(np.sin(np.mul(y, c))))(np.ones([5]));
    call(0.3);
    expect(counted(() => call(0.4)).compiled).toBe(1);
    expect(counted(() => call(0.3)).compiled).toBe(0);
  });

  it('captured arrays: small ones by their numbers, large ones by their place', () => {
    const call = (n: number, value: number) => {
      const data = np.full([n], value, { dtype: 'float64' });
      const twice = np.full([n], 2 * value, { dtype: 'float64' });
      const f = (y: Array) => np.sum(np.sin(np.mul(y, np.add(data, np.mul(y, twice)))));
      return (grad(f)(np.ones([n], { dtype: 'float64' })) as Array).at(0).item();
    };
    const derivative = (a: number) => Math.cos(3 * a) * 5 * a; // sin(a y + 2 a y²) at 1
    for (const [n, anew] of [
      [100, 1],
      [5000, 0],
    ] as const) {
      expect(call(n, 0.1)).toBeCloseTo(derivative(0.1), 14);
      expect(counted(() => expect(call(n, 0.2)).toBeCloseTo(derivative(0.2), 14)).compiled).toBe(anew);
      expect(counted(() => expect(call(n, 0.1)).toBeCloseTo(derivative(0.1), 14)).compiled).toBe(0);
    }
  });

  it('an array written to between calls', () => {
    for (const n of [3, 5000]) {
      const data = new Float32Array(n).fill(1);
      const f = (y: Array) => np.sum(np.mul(np.mul(y, y), data));
      const first = () => (grad(f)(np.ones([n])) as Array).data[0];
      const other = () =>
        (grad((y: Array) => np.sum(np.mul(np.mul(y, y), new Float32Array(n).fill(1))))(np.ones([n])) as Array).data[0];
      expect([first(), other()]).toEqual([2, 2]);
      data.fill(3);
      expect([first(), other()]).toEqual([6, 2]);
    }
  });

  it('hvp, vjp and the Laplacian, again and again', () => {
    const x = X.at(0);
    const calls = () => {
      hvp((y: Array) => u(params, y), [x], [x]);
      vjp((y: Array) => u(params, y), x)[1](np.array(1));
      laplacian(u, wrtX)(params as never, x);
    };
    calls();
    expect(counted(calls).compiled).toBe(0);
  });
});

describe('jit', () => {
  it('does not even trace again', () => {
    const f = tracing(u);
    const call = jit(vmap(hessian(f, wrtX), [null, 0]));
    call(params as never, X);
    const traced = f.calls();
    expect(counted(() => call(params as never, points(10, 5)))).toEqual({ compiled: 0, runs: 1 });
    expect(f.calls()).toBe(traced);
    call(params as never, points(11));
    expect(f.calls()).toBe(2 * traced);
  });

  it('arguments by tree, shape and dtype', () => {
    const f = tracing((t: unknown) => np.sum((t as { a: Array }).a));
    const call = jit(f);
    call({ a: np.ones([2]) });
    call({ a: [1, 2] });
    call({ a: Float32Array.of(1, 2) });
    expect(f.calls()).toBe(1);
    call({ a: np.ones([2]), b: null });
    call({ a: np.ones([2], { dtype: 'float64' }) });
    call({ a: np.ones([2, 1]) });
    expect(f.calls()).toBe(4);
  });

  it('inside a transform and around one', () => {
    const inner = jit(u);
    const expected = vmap(grad(u, wrtX), [null, 0])(params as never, X);
    expectSame(vmap(grad(inner as typeof u, wrtX), [null, 0])(params as never, X), expected);
    expectSame(jit(vmap(grad(jit(u) as typeof u, wrtX), [null, 0]))(params as never, X), expected);
  });

  it('returns trees, and what does not depend on the arguments', () => {
    const f = jit((x: Array) => ({ a: [x, 3], b: null, c: np.ones([2]) }));
    const result = f(np.array(2)) as unknown as { a: Array[]; b: null; c: Array };
    expect([result.a[0]!.item(), result.a[1]!.item(), result.b]).toEqual([2, 3, null]);
    expect(result.c.toArray()).toEqual([1, 1]);
  });

  it('the same output twice, an input as output, no output', () => {
    const f = jit((x: Array, y: Array) => {
      const z = np.add(x, y);
      return [z, z, x, [y, np.reshape(z, [2, 1])]];
    });
    const [a, b, x, [y, z]] = f([1, 2], [3, 4]) as unknown as [Array, Array, Array, [Array, Array]];
    expect([a, b, x, y, z].map((v) => v.toArray())).toEqual([
      [4, 6],
      [4, 6],
      [1, 2],
      [3, 4],
      [[4], [6]],
    ]);
    expect(a.data).not.toBe(b.data);
    expect(jit(() => [])()).toEqual([]);
    expect(jit((_: Array) => null)(np.ones([2]))).toBeNull();
  });
});

describe('evaluate', () => {
  it('is the call, off the event loop', async () => {
    const f = vmap(hessian(u, wrtX), [null, 0]);
    const expected = f(params as never, X);
    expectSame(await evaluate(f, [params as never, X]), expected);
    expectSame(await evaluate(jit(f), [params, X] as never), expected);
    expectSame(await evaluate((p: nn.ParamsLike, x: Array) => ({ value: u(p, x) }), [params, X.at(0)] as never), {
      value: u(params, X.at(0)),
    });
  });

  it('compiles once', async () => {
    const f = (x: Array) => np.sum(np.sin(np.mul(x, 0.123)));
    await evaluate(f, [np.ones([7])]);
    const before = counters().programsCreated;
    await evaluate(f, [np.ones([7])]);
    f(np.ones([7]));
    grad(f)(np.ones([7]));
    await evaluate(grad(f), [np.ones([7])]);
    expect(counters().programsCreated - before).toBe(1);
  });

  it('many at once', async () => {
    const f = vmap(grad(u, wrtX), [null, 0]);
    const inputs = globalThis.Array.from({ length: 20 }, (_, i) => points(100 + i, i));
    const results = await Promise.all(inputs.map((x) => evaluate(f, [params as never, x])));
    results.forEach((result, i) => expectSame(result, f(params as never, inputs[i]!)));
  });
});
