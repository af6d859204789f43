import { grad, hessian, nn, numpy as np, random, valueAndGrad, vmap } from 'nabla';
import { describe, expect, it } from 'vitest';
import { instrumented } from '../runtime/machine.js';

const model = new nn.MLP({ features: [20, 20, 20, 1] });
const params: nn.Params = model.init(random.PRNGKey(0), [0, 0]);
const u = (p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x));
function burgers(p: nn.Params, x: np.Array): np.Array {
  const g = grad(u, { argnums: 1 })(p, x);
  const uXX = hessian(u, { argnums: 1 })(p, x).at(1, 1);
  return g
    .at(0)
    .add(u(p, x).mul(g.at(1)))
    .sub(uXX.mul(0.01 / Math.PI));
}
const squares = (p: nn.Params, X: np.Array) => np.square(vmap(burgers, [null, 0])(p, X));

const losses: Record<string, (p: nn.Params, X: np.Array) => np.Array> = {
  'the mean of squares': (p, X) => np.mean(squares(p, X)),
  'its root, which needs the mean before the sweep back': (p, X) => np.sqrt(np.mean(squares(p, X))),
  'squares weighted by their share of the sum': (p, X) => {
    const r = squares(p, X);
    return np.sum(r.div(np.sum(r)).mul(r));
  },
};

// A sanitizer's shadow memory would be counted.
describe.skipIf(instrumented)('a step over a million points takes no memory that grows with the batch', () => {
  const X = random.uniform(random.PRNGKey(1), [1_000_000, 2]);

  it.each(Object.entries(losses))('%s', (_, loss) => {
    const step = valueAndGrad(loss);
    // Tracing and compiling make V8 enlarge its heap a few times; that has nothing to do with the batch.
    for (const N of [100, 200, 300, 400]) step(params, random.uniform(random.PRNGKey(2), [N, 2]));
    const before = process.memoryUsage.rss();
    const [value] = step(params, X);
    expect(Number.isFinite(value.item())).toBe(true);
    // Stored, the values of a single layer would take 80 MB.
    expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(64 * 2 ** 20);
  });
});
