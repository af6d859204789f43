import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NablaError, nn, numpy as np, optim, random, train, vmap } from 'nabla';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pattern } from '../support/bits.js';

const model = new nn.MLP({ features: [6, 1] });
const params = model.init(random.PRNGKey(0), [0]);
const u = (p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x));
interface Data {
  readonly fit: np.Array;
  readonly edge: np.Array;
}
const pointsAt = (step: number): Data => ({
  fit: random.uniform(random.foldIn(random.PRNGKey(1), step), [20, 1], { minval: -1, maxval: 1 }),
  edge: np.array([[-1], [1]]),
});
const data = pointsAt(0);
const loss = train.meanSquares<nn.Params, Data>({
  fit: (p, d) => vmap(u, [null, 0])(p, d.fit).sub(np.sin(np.ravel(d.fit).mul(2))),
  edge: { residual: (p, d) => vmap(u, [null, 0])(p, d.edge).sub(np.sin(np.ravel(d.edge).mul(2))), weight: 3 },
});
const bits = (p: nn.Params): string => {
  const layers = p.params as Record<string, { kernel: np.Array; bias: np.Array }>;
  return Object.values(layers)
    .map(({ kernel, bias }) => pattern(kernel) + pattern(bias))
    .join(' ');
};

async function rejection(promise: Promise<unknown>): Promise<NablaError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NablaError);
  return error as NablaError;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nabla-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('fit', () => {
  test('makes the steps one would make by hand', async () => {
    const optimizer = optim.adam(1e-2);
    const result = await train.fit({ loss, params, data, optimizer, steps: 25 });
    expect(result).toMatchObject({ step: 25, reason: 'steps' });
    expect(result.losses).toHaveLength(25);
    expect(result.losses[0]).toBe(loss(params, data).item());
    expect(result.loss).toBeLessThan(result.losses[0]!);
    const again = await train.fit({ loss, params, data, optimizer: optim.adam(1e-2), steps: 25 });
    expect(bits(again.params)).toBe(bits(result.params));
  });

  test('L-BFGS gets to a lower loss, and never to a higher one', async () => {
    const result = await train.fit({ loss, params, data, optimizer: optim.lbfgs(), steps: 60 });
    expect(result.loss).toBeLessThan(1e-2 * result.losses[0]!);
    result.losses.forEach((value, i) => {
      // Near a minimum a step may go up by a rounding (the approximate decrease condition).
      expect(value).toBeLessThanOrEqual((result.losses[i - 1] ?? Infinity) * (1 + 1e-5));
    });
  });

  test('ends at a target, without progress, or when it is told to', async () => {
    const optimizer = optim.adam(1e-2);
    const target = await train.fit({ loss, params, data, optimizer, steps: 5000, earlyStop: { target: 0.5 } });
    expect(target.reason).toBe('target');
    expect(target.loss).toBeLessThanOrEqual(0.5);
    const patience = await train.fit({
      loss: (p: { a: np.Array }, _: undefined) => np.sum(np.square(p.a)).mul(0).add(2),
      params: { a: np.ones(3) },
      optimizer,
      steps: 100,
      earlyStop: { patience: 7 },
    });
    expect(patience).toMatchObject({ reason: 'patience', step: 8 });
    const told = await train.fit({
      loss,
      params,
      data,
      optimizer,
      steps: 9,
      onStep: ({ step }) => step === 3 && 'stop',
    });
    expect(told).toMatchObject({ reason: 'callback', step: 3 });
  });

  test('an optimizer that finds nothing better stops the training', async () => {
    const flat = (p: { a: np.Array }, _: undefined) => np.sum(np.square(p.a.sub(1)));
    const result = await train.fit({ loss: flat, params: { a: np.zeros(4) }, optimizer: optim.lbfgs(), steps: 500 });
    expect(result.reason).toBe('stalled');
    expect(result.loss).toBeLessThan(1e-10);
  });

  test('but not one whose data a function gives: those of a later step may be others', async () => {
    const loss = (p: { a: np.Array }, goal: np.Array) => np.sum(np.square(p.a.sub(goal)));
    const goals = [np.ones(4), np.full([4], 3)];
    const result = await train.fit({
      ...{ loss, params: { a: np.zeros(4) }, optimizer: optim.lbfgs(), steps: 40 },
      data: (step) => goals[step < 20 ? 0 : 1]!,
    });
    expect(result).toMatchObject({ step: 40, reason: 'steps' });
    expect(result.losses[20]).toBeCloseTo(16, 4);
    expect(result.loss).toBeLessThan(1e-10);
  });

  test('an abort ends it within a step and leaves a checkpoint', async () => {
    const controller = new AbortController();
    const path = join(folder, 'aborted.json');
    const running = train.fit({
      ...{ loss, params, data, optimizer: optim.adam(1e-3), steps: 1_000_000, signal: controller.signal },
      onStep: ({ step }) => step === 40 && controller.abort('enough'),
      checkpoint: path,
    });
    const error = await rejection(running);
    expect(error.name).toBe('AbortError');
    expect(error.cause).toBe('enough');
    expect(((await train.load(path)) as { step: number }).step).toBe(40);
  });

  test('leaves the event loop its turns', async () => {
    // Trains until something else, which needs a turn of the event loop, ends it: without turns it would never end.
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    const steps = 100_000_000;
    const running = train.fit({ loss, params, data, optimizer: optim.adam(1e-3), steps, signal: controller.signal });
    expect((await rejection(running)).name).toBe('AbortError');
  });

  test.each([
    ['loss', { loss: 3 }],
    ['optimizer', { optimizer: 'adam' }],
    ['steps', { steps: -1 }],
    ['step', { step: 4 }],
  ])('refuses %s', async (name, wrong) => {
    const options = { loss, params, data, optimizer: optim.adam(1e-3), steps: 1, ...wrong };
    const error = await rejection(train.fit(options as never));
    expect(error.code).toBe('ERR_NABLA_OPTION');
    expect(error.message).toContain(name);
  });
});

describe('a training resumed from a checkpoint', () => {
  test.each([
    ['adam', () => optim.adam(optim.exponentialDecay(1e-2, 10, 0.5)), pointsAt],
    ['lbfgs', () => optim.lbfgs({ memorySize: 4 }), () => data],
    ['lbfgs with data that change', () => optim.lbfgs(), (step: number) => pointsAt(Math.floor(step / 8))],
  ])('%s ends with the same bits', async (_, optimizer, points) => {
    const path = join(folder, 'training.json');
    const common = { loss, params, data: points };
    const whole = await train.fit({ ...common, optimizer: optimizer(), steps: 30 });
    await train.fit({ ...common, optimizer: optimizer(), steps: 11, checkpoint: path });
    // The parameters given now play no part.
    const other = model.init(random.PRNGKey(9), [0]);
    const parts = await train.fit({
      ...common,
      params: other,
      optimizer: optimizer(),
      steps: 30,
      checkpoint: { path, every: 5 },
    });
    expect(bits(parts.params)).toBe(bits(whole.params));
    expect(parts.losses).toEqual(whole.losses);
    const ended = await train.fit({ ...common, optimizer: optimizer(), steps: 30, checkpoint: path });
    expect(bits(ended.params)).toBe(bits(whole.params));
  });

  test('parameters of several dtypes keep them, and lists become what they would in one go', async () => {
    const mixed = {
      loss: (p: { a: np.Array; b: np.Array }, _: undefined) => np.sum(np.square(p.a)).add(np.sum(np.square(p.b))),
      params: { a: np.array([1, 2]), b: np.array([3], { dtype: 'float64' }) },
      optimizer: optim.chain(optim.clipByGlobalNorm(1), optim.adam(optim.exponentialDecay(0.1, 10, 0.5))),
      checkpoint: join(folder, 'mixed.json'),
    };
    await train.fit({ ...mixed, steps: 2 });
    const { params: end } = await train.fit({ ...mixed, steps: 4 });
    expect([end.a.dtype, end.b.dtype]).toEqual(['float32', 'float64']);
    const lists = {
      loss: (p: { a: np.Array }, _: undefined) => np.sum(np.square(p.a)),
      params: { a: [0.1, 0.2] } as never,
      optimizer: optim.adam(0.1),
    };
    const checkpoint = join(folder, 'lists.json');
    await train.fit({ ...lists, steps: 0, checkpoint });
    const resumed = await train.fit({ ...lists, steps: 3, checkpoint });
    const whole = await train.fit({ ...lists, steps: 3 });
    expect(resumed.losses).toEqual(whole.losses);
    expect(resumed.params).toEqual(whole.params);
  });

  test('the file of another training is refused', async () => {
    const path = join(folder, 'training.json');
    await train.fit({ loss, params, data, optimizer: optim.adam(1e-3), steps: 1, checkpoint: path });
    const wider = new nn.MLP({ features: [7, 1] }).init(random.PRNGKey(0), [0]);
    const error = await rejection(
      train.fit({ loss, params: wider as never, data, optimizer: optim.adam(1e-3), steps: 2, checkpoint: path }),
    );
    expect(error.message).toContain('Dense_0');
  });
});

describe('the file of a training with another optimizer', () => {
  const optimizers: Record<string, () => optim.GradientTransformation> = {
    sgd: () => optim.sgd(1e-2),
    momentum: () => optim.sgd(1e-2, { momentum: 0.5 }),
    adam: () => optim.adam(1e-3),
    clipped: () => optim.chain(optim.clipByGlobalNorm(1), optim.adam(1e-3)),
    scheduled: () => optim.adam(optim.exponentialDecay(1e-3, 10, 0.5)),
    lbfgs: () => optim.lbfgs(),
  };
  const names = Object.keys(optimizers);
  test.each(names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other] as const)))(
    'is refused: %s, then %s',
    async (one, other) => {
      const checkpoint = join(folder, 'training.json');
      await train.fit({ loss, params, data, optimizer: optimizers[one]!(), steps: 2, checkpoint });
      const error = await rejection(
        train.fit({ loss, params, data, optimizer: optimizers[other]!(), steps: 4, checkpoint }),
      );
      expect(error.code).toBe('ERR_NABLA_ARGUMENT');
      expect(error.message).toContain('another optimizer');
      expect(error.details.path).toMatch(/^state/);
    },
  );

  test('but one whose numbers are others goes on', async () => {
    const checkpoint = join(folder, 'training.json');
    await train.fit({ loss, params, data, optimizer: optim.lbfgs({ memorySize: 2 }), steps: 4, checkpoint });
    const result = await train.fit({ loss, params, data, optimizer: optim.lbfgs(), steps: 8, checkpoint });
    expect(result.step).toBe(8);
  });
});

test('a training aborted in the middle of a long step goes on from the step before, to the same bits', async () => {
  const many: Data = { fit: random.uniform(random.PRNGKey(5), [1_500_000, 1]), edge: data.edge };
  const common = { loss, params, data: many, steps: 5 };
  for (const [name, optimizer] of Object.entries({ adam: () => optim.adam(1e-2), lbfgs: () => optim.lbfgs() })) {
    const checkpoint = join(folder, `${name}.json`);
    const controller = new AbortController();
    const running = train.fit({
      ...{ ...common, optimizer: optimizer(), checkpoint, signal: controller.signal },
      // Steps from the second on run off the event loop: this timer falls into one.
      onStep: ({ step }) => step === 2 && setTimeout(() => controller.abort(), 1),
    });
    expect((await rejection(running)).name).toBe('AbortError');
    expect(((await train.load(checkpoint)) as { step: number }).step).toBe(2);
    const resumed = await train.fit({ ...common, optimizer: optimizer(), checkpoint });
    const whole = await train.fit({ ...common, optimizer: optimizer() });
    expect(bits(resumed.params)).toBe(bits(whole.params));
  }
});

describe('a loss that stops being finite', () => {
  const broken = train.meanSquares<{ a: np.Array }, { plain: np.Array; logs: np.Array }>({
    plain: (p, d) => d.plain.mul(np.sum(p.a)),
    logs: (p, d) => np.log(np.ravel(d.logs.at(null, 1))).mul(np.sum(p.a)),
  });

  test('names the term, the sample and its coordinates', async () => {
    const points = {
      plain: np.ones(3),
      logs: np.array([
        [0, 1],
        [0, 2],
        [5, -0.5],
        [0, -1],
      ]),
    };
    const options = { loss: broken, params: { a: np.ones(2) }, data: points, optimizer: optim.sgd(0.1), steps: 4 };
    const error = await rejection(train.fit(options));
    expect(error.code).toBe('ERR_NABLA_NOT_FINITE');
    expect(error.details).toMatchObject({ step: 0, term: 'logs', sample: 2, index: [2] });
    expect(error.message).toContain("the term 'logs' is NaN, first at sample 2 of 4 (data.logs[2] = [5, -0.5])");
  });

  test('names the parameter that a step has spoilt, and hands back the ones before', async () => {
    const root = (p: { a: np.Array }, _: undefined) => np.sum(np.sqrt(p.a));
    const error = await rejection(
      train.fit({ loss: root, params: { a: np.array([1, 0, 4]) }, optimizer: optim.sgd(0.1), steps: 4 }),
    );
    expect(error.details).toMatchObject({ step: 1, parameter: 'params.a[1]', gradient: 'gradient.a[1]' });
    expect(String((error.details.params as { a: np.Array }).a)).toBe('[1. 0. 4.]');
  });

  test('and parameters that the last step has spoilt are neither handed back nor saved', async () => {
    const root = (p: { a: np.Array }, _: undefined) => np.sum(np.sqrt(p.a));
    const checkpoint = join(folder, 'spoilt.json');
    const begun = { a: np.array([1, 0, 4]) };
    const common = { loss: root, params: begun, optimizer: optim.sgd(0.1), checkpoint };
    await train.fit({ ...common, steps: 0 });
    for (const ending of [
      { steps: 1 },
      { steps: 9, onStep: () => 'stop' },
      { steps: 9, checkpoint: { path: checkpoint, every: 1 } },
    ]) {
      const error = await rejection(train.fit({ ...common, ...ending }));
      expect(error.code).toBe('ERR_NABLA_NOT_FINITE');
      expect(error.message).toContain('params.a[1] is -Infinity after step 0: the gradient of step 0 is not finite');
      expect(error.details).toMatchObject({ step: 1, parameter: 'params.a[1]', gradient: 'gradient.a[1]' });
      expect(String((error.details.params as { a: np.Array }).a)).toBe('[1. 0. 4.]');
      expect(((await train.load(checkpoint)) as { step: number }).step).toBe(0);
    }
    const given = await rejection(
      train.fit({ ...common, params: { a: np.array([Number.NaN]) }, checkpoint: undefined, steps: 0 }),
    );
    expect(given.message).toBe('fit: params.a[0] is NaN now: it was so to begin with');
  });

  test('says when a step was too long', async () => {
    const square = (p: { a: np.Array }, _: undefined) => np.sum(np.square(p.a));
    const error = await rejection(
      train.fit({ loss: square, params: { a: np.ones(2) }, optimizer: optim.sgd(1e12), steps: 40 }),
    );
    expect(error.code).toBe('ERR_NABLA_NOT_FINITE');
    expect(error.details).toHaveProperty('loss', Infinity);
  });
});

test('checkpoints are files one can read', async () => {
  const path = join(folder, 'training.json');
  await train.fit({ loss, params, data, optimizer: optim.adam(1e-3), steps: 2, checkpoint: path });
  const file = JSON.parse(await readFile(path, 'utf8')) as { format: string; tree: { step: number } };
  expect(file.format).toBe('nabla-tree');
  expect(file.tree.step).toBe(2);
});
