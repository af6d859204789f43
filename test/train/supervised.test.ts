import { grad, nn, numpy as np, optim, random, train, vmap } from 'nabla';
import { expect, test } from 'vitest';

// Networks fitted to data: to values alone, and to values with their gradients.

const dtype = 'float64';
const model = new nn.MLP({ features: [16, 16, 1], dtype });
const params: nn.Params = model.init(random.PRNGKey(0), [0, 0]);
const u = (p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x));
/** sin(2x) + x·cos(3y)/2. */
const truth = (x: np.Array) => np.sin(x.at(0).mul(2)).add(np.cos(x.at(1).mul(3)).mul(x.at(0)).div(2));

interface Data {
  readonly X: np.Array;
  readonly Y: np.Array;
  readonly slopes: np.Array;
}
const box = { minval: -1, maxval: 1, dtype } as const;
const dataAt = (X: np.Array): Data => ({ X, Y: vmap(truth)(X), slopes: vmap(grad(truth))(X) });
const grid = dataAt(random.halton(random.PRNGKey(1), [2000, 2], box));

/** Root of the mean square of what is wrong at points the training has not seen. */
function error(p: nn.Params): number {
  return np.sqrt(np.mean(np.square(vmap(u, [null, 0])(p, grid.X).sub(grid.Y)))).item();
}

test('a supervised fit of whole batches, by Adam and then L-BFGS, comes to the function', async () => {
  const data = dataAt(random.halton(random.PRNGKey(2), [400, 2], box));
  const loss = (p: nn.Params, { X, Y }: Data) => np.mean(np.square(np.squeeze(model.apply(p, X), -1).sub(Y)));
  const first = await train.fit({ loss, params, data, optimizer: optim.adam(1e-2), steps: 200 });
  const optimizer = optim.lbfgs({ memorySize: 50 });
  const second = await train.fit({ loss, params: first.params, data, optimizer, steps: 400 });
  expect(error(params)).toBeGreaterThan(0.5);
  expect(error(first.params)).toBeLessThan(0.1);
  expect(error(second.params)).toBeLessThan(5e-3);
});

test('values together with gradients need fewer samples than values alone', async () => {
  const data = dataAt(random.halton(random.PRNGKey(3), [24, 2], box));
  const gradient = grad(u, { argnums: 1 });
  const values = { residual: (p: nn.Params, { X, Y }: Data) => vmap(u, [null, 0])(p, X).sub(Y) };
  const slopes = { residual: (p: nn.Params, { X, slopes: S }: Data) => vmap(gradient, [null, 0])(p, X).sub(S) };
  const trained = async (loss: train.Loss<nn.Params, Data>) => {
    const optimizer = optim.lbfgs({ memorySize: 30 });
    return (await train.fit({ loss, params, data, optimizer, steps: 250 })).params;
  };
  const alone = error(await trained(train.meanSquares({ values })));
  const together = error(await trained(train.meanSquares({ values, slopes })));
  expect(together).toBeLessThan(0.05);
  expect(together).toBeLessThan(alone / 3);
});
