import { grad, hessian, nn, numpy as np, random, valueAndGrad, vmap } from 'nabla';
import { expect, it } from 'vitest';
import { instrumented } from '../runtime/machine.js';

// A sanitizer's shadow memory would be counted.
it.skipIf(instrumented)('a step over a million points takes no memory that grows with the batch', () => {
  const model = new nn.MLP({ features: [20, 20, 20, 1] });
  const params = model.init(random.PRNGKey(0), [0, 0]);
  const u = (p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x));
  const residual = (p: nn.Params, x: np.Array) => {
    const g = grad(u, { argnums: 1 })(p, x);
    return g.at(0).sub(hessian(u, { argnums: 1 })(p, x).at(1, 1));
  };
  const step = valueAndGrad((p: nn.Params, X: np.Array) => np.mean(np.square(vmap(residual, [null, 0])(p, X))));
  const X = random.uniform(random.PRNGKey(1), [1_000_000, 2]);
  // Tracing and compiling make V8 enlarge its heap a few times; that has nothing to do with the batch.
  for (const N of [100, 200, 300, 400]) step(params, random.uniform(random.PRNGKey(2), [N, 2]));
  const before = process.memoryUsage.rss();
  const [value] = step(params, X);
  expect(Number.isFinite(value.item())).toBe(true);
  // Stored, the values of a single layer would take 80 MB.
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(64 * 2 ** 20);
});
