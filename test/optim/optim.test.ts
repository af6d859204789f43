import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { jit, nn, numpy as np, optim, random, train, tree, valueAndGrad, vmap } from 'nabla';
import { describe, expect, test } from 'vitest';
import { pattern } from '../support/bits.js';
import { thrown } from '../support/thrown.js';

const model = new nn.MLP({ features: [5, 1] });
const params: nn.Params = model.init(random.PRNGKey(0), [0, 0]);
const X = random.normal(random.PRNGKey(1), [40, 2]);
const Y = np.sin(X.at(null, 0));
const predict = vmap((p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x)), [null, 0]);
const loss = (p: nn.Params) => np.mean(np.square(np.sub(predict(p, X), Y)));
const gradients = jit(valueAndGrad(loss)) as unknown as (p: nn.Params) => readonly [np.Array, nn.Params];
const bits = (x: unknown): string => tree.leaves<np.Array>(x).map(pattern).join(' ');

describe('an update', () => {
  const optimizer = optim.chain(optim.clipByGlobalNorm(0.5), optim.adamw(optim.cosineDecaySchedule(1e-2, 50)));
  const [, grads] = gradients(params);
  const state = optimizer.init(params);

  test('is one program over the whole tree, with or without jit around it', () => {
    let runs = 0;
    const count = () => runs++;
    const [updates, next] = optimizer.update(grads, state, params);
    subscribe('nabla:run', count);
    optimizer.update(grads, state, params);
    unsubscribe('nabla:run', count);
    expect(runs).toBe(1);
    type Update = (g: nn.Params, s: optim.OptState, p: nn.Params) => [nn.Params, optim.OptState];
    const inJit = jit(optimizer.update as never) as unknown as Update;
    expect(bits(inJit(grads, state, params))).toBe(bits([updates, next]));
  });

  test('changes nothing it is given', () => {
    const before = bits([grads, state, params]);
    optimizer.update(grads, state, params);
    optim.applyUpdates(params, grads);
    expect(bits([grads, state, params])).toBe(before);
  });

  test('goes on from a state that was saved', () => {
    const [updates, next] = optimizer.update(grads, state, params);
    const moved = optim.applyUpdates(params, updates);
    const saved = train.deserialize(train.serialize({ next, moved })) as { next: optim.OptState; moved: nn.Params };
    const again = optimizer.update(grads, saved.next, saved.moved);
    expect(bits(again)).toBe(bits(optimizer.update(grads, next, moved)));
  });

  test('takes parameters in any form', () => {
    const sgd = optim.sgd(0.5);
    const [updates] = sgd.update({ a: [[1, 2]], b: 4 }, sgd.init({ a: [[1, 2]], b: 4 }));
    const next = optim.applyUpdates({ a: [[1, 2]], b: 4 }, updates) as unknown as { a: np.Array; b: np.Array };
    expect([next.a.toArray(), next.b.item()]).toEqual([[[0.5, 1]], 2]);
  });
});

test('schedules at their edges: no warm-up, a transition that began before the first step', () => {
  const at = (schedule: optim.Schedule) => [0, 1, 50].map((n) => schedule(n).item());
  expect(at(optim.warmupCosineDecaySchedule(0, 1, 0, 100))).toEqual(at(optim.cosineDecaySchedule(1, 100)));
  expect(at(optim.warmupExponentialDecaySchedule(0, 1, 0, 10, 0.5))).toEqual(at(optim.exponentialDecay(1, 10, 0.5)));
  expect(at(optim.warmupConstantSchedule(0, 1, 0))).toEqual([1, 1, 1]);
  const early = { transitionBegin: -5 };
  expect(at(optim.linearSchedule(1, 0.1, 10, early))).toEqual(at(optim.linearSchedule(1, 0.1, 10)));
  expect(at(optim.exponentialDecay(1, 10, 0.5, early))).toEqual(at(optim.exponentialDecay(1, 10, 0.5)));
});

test('no gradient yet is no step, also without eps; a mask holds booleans', () => {
  const adagrad = optim.adagrad(0.1, { initialAccumulatorValue: 0, eps: 0 });
  const [updates] = adagrad.update(np.array([0, 3]), adagrad.init(np.ones(2)));
  expect(updates.at(0).item()).toBeCloseTo(0, 12);
  expect(updates.at(1).item()).toBeCloseTo(-0.1, 6);
  const decay = optim.addDecayedWeights(0.1, { a: 0 });
  const error = thrown(() => decay.update({ a: np.ones(1) }, decay.init({ a: np.ones(1) }), { a: np.ones(1) }));
  expect(error.code).toBe('ERR_NABLA_OPTION');
});

test('the global norm is that of all leaves together', () => {
  expect(optim.globalNorm({ a: np.array([3, 0]), b: [[4]] }).item()).toBe(5);
  const tiny = optim.clipByGlobalNorm(10);
  expect(tiny.update(np.array([3, 4]), tiny.init(np.array([3, 4])))[0].toArray()).toEqual([3, 4]);
});

test.each(['adam', 'lbfgs', 'rmsprop', 'sgd'])('%s fits a function', (name) => {
  const optimizers = {
    adam: optim.adam(0.05),
    lbfgs: optim.lbfgs(),
    rmsprop: optim.rmsprop(0.01),
    sgd: optim.sgd(0.2, { momentum: 0.9 }),
  };
  const optimizer = optimizers[name as keyof typeof optimizers];
  let state = optimizer.init(params);
  let p = params;
  for (let i = 0; i < 100; i++) {
    const [value, grad] = optim.valueAndGradFromState(gradients)(p, state);
    const [updates, next] = optimizer.update(grad, state, p, { value, grad, valueAndGrad: gradients });
    [p, state] = [optim.applyUpdates(p, updates), next];
  }
  expect(loss(p).item()).toBeLessThan(0.1 * loss(params).item());
  expect(tree.leaves<np.Array>(p).every((x) => x.dtype === 'float32')).toBe(true);
});

describe('L-BFGS', () => {
  test('turns back from where the function has no value', () => {
    // log has none for x ≤ 0, and the first step from 8 would end at −3.
    const f = (p: { x: np.Array }) => np.sum(p.x.mul(p.x).sub(np.log(p.x)));
    const optimizer = optim.lbfgs({ scaleInitPrecond: false });
    let p = { x: np.array([8, 0.1], { dtype: 'float64' }) };
    let state = optimizer.init(p);
    for (let i = 0; i < 12; i++) {
      const [value, grad] = valueAndGrad(f)(p) as [np.Array, typeof p];
      const [updates, next] = optimizer.update(grad, state, p, { value, grad, valueFn: f });
      [p, state] = [optim.applyUpdates(p, updates), next];
    }
    for (const x of p.x.data) expect(x).toBeCloseTo(Math.SQRT1_2, 6);
  });

  test('never remembers a pair without positive curvature, and so always goes downhill', () => {
    const memory = optim.scaleByLbfgs();
    const x = (v: number) => ({ x: np.array([v, 1], { dtype: 'float64' }) });
    let [, state] = memory.update(x(1), memory.init(x(0)), x(0));
    // The gradient falls along the step: negative curvature.
    [, state] = memory.update(x(0.5), state, x(1));
    expect(state).toMatchObject({ diffParamsMemory: [], diffUpdatesMemory: [], weightsMemory: [] });
    const [direction, kept] = memory.update(x(2), state, x(2));
    expect((kept as { weightsMemory: unknown[] }).weightsMemory).toHaveLength(1);
    expect(np.dot(direction.x, x(2).x).item()).toBeGreaterThan(0);
  });

  test('takes the same step when it has to wait for the function', async () => {
    const optimizer = optim.lbfgs();
    const [, grads] = gradients(params);
    // Without value and gradient at the start the search asks for them itself.
    const late = async (p: nn.Params) => {
      await new Promise((resolve) => setImmediate(resolve));
      return gradients(p);
    };
    const state = optimizer.init(params);
    const waited = await optimizer.updateAsync!(grads, state, params, { valueAndGrad: late });
    expect(bits(waited)).toBe(bits(optimizer.update(grads, state, params, { valueAndGrad: gradients })));
  });

  test('minds its memory', () => {
    const memory = optim.scaleByLbfgs({ memorySize: 2 });
    let state = memory.init([1, 2]);
    for (let i = 1; i < 6; i++) [, state] = memory.update(np.array([i, 2]), state, np.array([2 * i, 0]));
    const pairs = state as unknown as { count: np.Array; diffParamsMemory: np.Array[]; weightsMemory: np.Array[] };
    expect(pairs.count.item()).toBe(5);
    expect(pairs.diffParamsMemory.map((x) => x.toArray())).toEqual([
      [2, 0],
      [2, 0],
    ]);
    expect(pairs.weightsMemory.map((x) => x.item())).toEqual([0.5, 0.5]);
  });
});

describe('refused', () => {
  const p = { a: np.ones(2) };
  test.each([
    ['a learning rate that is no number', () => optim.sgd('fast' as never), 'ERR_NABLA_OPTION', 'learningRate'],
    ['an infinite one', () => optim.adam(Number.NaN), 'ERR_NABLA_OPTION', 'learningRate'],
    ['an option in optax’s spelling', () => optim.adam(1e-3, { eps_root: 0 } as never), 'ERR_NABLA_OPTION', 'epsRoot'],
    ['an option that is no number', () => optim.adam(1e-3, { b1: '0.9' } as never), 'ERR_NABLA_OPTION', 'b1'],
    ['a memory of half a step', () => optim.lbfgs({ memorySize: 0.5 }), 'ERR_NABLA_OPTION', 'memorySize'],
    ['a norm of zero', () => optim.clipByGlobalNorm(0), 'ERR_NABLA_OPTION', 'maxNorm'],
    ['a schedule without steps', () => optim.linearSchedule(1, 0, 0), 'ERR_NABLA_OPTION', 'transitionSteps'],
    [
      'schedules without boundaries',
      () => optim.joinSchedules([(n) => np.add(n, 1)], [3]),
      'ERR_NABLA_ARGUMENT',
      'boundary',
    ],
    ['what is no transformation', () => optim.chain(optim.adam as never), 'ERR_NABLA_ARGUMENT', 'argument 0'],
    [
      'the state of another chain',
      () => optim.chain(optim.scale(1)).update(p, [], p),
      'ERR_NABLA_ARGUMENT',
      '1 entries',
    ],
    [
      'decay without parameters',
      () => optim.adamw(1).update(p, optim.adamw(1).init(p)),
      'ERR_NABLA_ARGUMENT',
      'parameters',
    ],
    ['gradients of another tree', () => optim.applyUpdates(p, { b: np.ones(2) }), 'ERR_NABLA_TREE', 'a'],
    [
      'integers as parameters',
      () => optim.adam(1).init({ n: np.array([1], { dtype: 'int32' }) }),
      'ERR_NABLA_DTYPE',
      'params.n',
    ],
    [
      'a line search without a function',
      () => optim.lbfgs().update(p, optim.lbfgs().init(p), p),
      'ERR_NABLA_ARGUMENT',
      'valueAndGrad',
    ],
    [
      'a line search inside jit',
      () => jit((q: { a: np.Array }) => optim.lbfgs().update(q, optim.lbfgs().init(p), q)[0])(p),
      'ERR_NABLA_TRACED',
      'outside jit',
    ],
  ])('%s', (_, f, code, words) => {
    const error = thrown(f);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });
});
