import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import type * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { hessian } from '../../lib/transform/hessian.js';
import { makeGraph } from '../../lib/transform/insight.js';
import { jit } from '../../lib/transform/jit.js';
import { vmap } from '../../lib/transform/vmap.js';
import { expectSame } from '../support/close.js';
import { network } from '../support/random-network.js';
import { thrown } from '../support/thrown.js';

const x3 = np.ones([3]);

/** The error of using a traced vector in some way. */
const misused = (use: (x: Array) => unknown) => thrown(() => jit((x: Array) => [use(x), x][1])(x3));

describe('a traced value has no numbers', () => {
  it.each<[string, (x: Array) => unknown]>([
    ['data', (x) => x.data],
    ['toArray', (x) => x.toArray()],
    ['item', (x) => x.at(0).item()],
    ['arithmetic by operators', (x) => (x as never as number) + 1],
    ['a product by operators', (x) => 2 * (x as never as number)],
    ['a comparison', (x) => (x as never as number) > 0],
    ['a number', (x) => Number(x)],
    ['Math', (x) => Math.sin(x as never as number)],
  ])('%s', (_, use) => {
    const error = misused(use);
    expect(error.code).toBe('ERR_NABLA_TRACED');
    expect(error.message).toContain('np.where');
    expect(error.message).toMatch(/float32\[3?\]/);
  });

  it('prints as what it is', () => {
    let seen = '';
    jit((x: Array) => {
      seen = `${x} ${inspect(x)} ${inspect({ x })}`;
      return x;
    })(x3);
    expect(seen).toBe('Traced<float32[3]> Traced<float32[3]> { x: Traced<float32[3]> }');
  });

  it('knows its shape and dtype', () => {
    const f = jit((x: Array) => [x.shape[0]! * 2, x.ndim, x.size, x.dtype === 'float32' ? 1 : 0]);
    expect((f(np.ones([3, 2])) as unknown as Array).toArray()).toEqual([6, 2, 6, 1]);
  });
});

describe('a traced value outside its function', () => {
  it.each<[string, (f: (x: Array) => Array) => unknown]>([
    ['jit', (f) => jit(f)(x3)],
    ['grad', (f) => grad((x: Array) => np.sum(f(x)))(x3)],
    ['vmap', (f) => vmap(f)(np.ones([2, 3]))],
    ['hessian', (f) => hessian((x: Array) => np.sum(f(x)))(x3)],
  ])('%s', (_, call) => {
    let leaked: Array | undefined;
    call((x) => {
      leaked = np.sin(x);
      return leaked;
    });
    for (const use of [
      () => np.add(leaked!, 1),
      () => jit((y: Array) => np.add(leaked!, y))(x3),
      () => leaked!.mul(2),
    ]) {
      const error = thrown(use);
      expect(error.code).toBe('ERR_NABLA_LEAKED');
      expect(error.message).toContain('return');
    }
  });

  it('after a function that threw, tracing goes on as before', () => {
    expect(() =>
      jit(() => {
        throw new RangeError('mine');
      })(),
    ).toThrow(RangeError);
    expect(() =>
      vmap(
        grad((_: Array): Array => {
          throw new RangeError('mine');
        }),
      )(x3),
    ).toThrow(RangeError);
    expect(np.add(1, 2).item()).toBe(3);
    expect(grad((x: Array) => np.sum(np.square(x)))(x3).toArray()).toEqual([2, 2, 2]);
  });
});

describe('NaN and infinity', () => {
  const { u, apply, params, points } = network([8, 8, 1], 3, { dtype: 'float32' });
  const batched = (f: unknown) =>
    vmap(f as (p: nn.ParamsLike, x: Array) => Array, [null, 0]) as (p: nn.ParamsLike, X: Array) => Array;

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('%s in one sample stays in that sample', (value) => {
    const N = 70;
    const clean = points(N);
    const data = clean.data.slice() as Float32Array;
    data[3 * 33 + 1] = value;
    const dirty = np.array({ data, shape: [N, 3] });
    for (const f of [batched(apply), batched(grad(u, { argnums: 1 })), batched(hessian(u, { argnums: 1 })), apply]) {
      const [a, b] = [f(params, clean), f(params, dirty)];
      expectSame(b.at([0, 33]), a.at([0, 33]));
      expectSame(b.at([34, N]), a.at([34, N]));
      // tanh(∞) = 1 is a number; its derivatives meet 0·∞ nowhere, as only tanh' = 0 is multiplied with the weights.
      if (Number.isNaN(value)) expect([...b.at(33).data].every(Number.isNaN)).toBe(true);
    }
  });

  it('NaN that is not selected contributes nothing', () => {
    const f = (x: Array) => np.sum(np.where(np.greater(x, 0), np.mul(2, x), Number.NaN));
    expect(grad(f)(x3).toArray()).toEqual([2, 2, 2]);
    const g = (x: Array) => np.sum(np.where(np.greater(x, 0), np.sqrt(np.where(np.greater(x, 0), x, 1)), 0));
    expect((grad(g)([4, -1, 0]) as Array).toArray()).toEqual([0.25, 0, 0]);
  });
});

describe('makeGraph', () => {
  it('prints values line by line, with shapes and maps', () => {
    const text = makeGraph(vmap((x: Array, y: Array) => np.dot(np.tanh(x), y), [0, null]))(np.ones([32, 3]), x3);
    expect(text.split('\n')).toEqual([
      'input0 : float32[32, 3]',
      'input1 : float32[3]',
      '%0 = batch batch at 0 input0 : float32[3] over batch(32)',
      '%1 = tanh %0 : float32[3] over batch(32)',
      '%2 = einsum i,i-> %1 input1 : float32[] over batch(32)',
      '%3 = unbatch batch at 0 %2 : float32[32]',
      'return %3',
    ]);
  });

  it('is simplified: what is computed twice stands once, and what is not needed nowhere', () => {
    const text = makeGraph((x: Array) => {
      np.exp(x);
      return np.add(np.mul(np.sin(x), 1), np.sin(x));
    })(x3);
    expect(text.match(/sin/g)).toHaveLength(1);
    expect(text).not.toContain('exp');
  });
});
