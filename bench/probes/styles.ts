// The two ways of writing a batch, in one process and in turns: loss and parameter gradient of Burgers' residual by a mapped
// function of one sample, and by sums over the whole batch as PyTorch users write it.
//   node dist/bench/probes/styles.js
import { grad, jit, nn, numpy as np, random, valueAndGrad } from 'nabla';
import type { Case } from '../cases.js';
import { median } from '../contestants/timing.js';
import { tanhNet } from '../networks.js';
import { functionOf, type Parameters } from '../programs.js';

const N = 4096;
const c: Case = { quantity: 'step', ...tanhNet(20, 5, 2), N, dtype: 'float32', threads: 1 };
const model = new nn.MLP({ features: c.features });
const x = random.normal(random.PRNGKey(1), [N, c.d]);
const params = model.init(random.PRNGKey(0), x) as Parameters;

const u = (p: Parameters, X: np.Array): np.Array => np.ravel(model.apply(p, X));
const first = (p: Parameters, X: np.Array): np.Array => grad((Y: np.Array) => np.sum(u(p, Y)))(X);
const second = (p: Parameters, X: np.Array): np.Array => grad((Y: np.Array) => np.sum(first(p, Y).at(null, 1)))(X);
const loss = (p: Parameters, X: np.Array): np.Array => {
  const g = first(p, X);
  const residual = g
    .at(null, 0)
    .add(u(p, X).mul(g.at(null, 1)))
    .sub(
      second(p, X)
        .at(null, 1)
        .mul(0.01 / Math.PI),
    );
  return np.mean(np.square(residual));
};
const bySums = jit(valueAndGrad(loss));
const mapped = functionOf(c);

const ways = { mapped: () => mapped({ params, x, v: x }), bySums: () => bySums(params, x) };
const seconds: Record<string, number[]> = { mapped: [], bySums: [] };
for (let i = 0; i < 400; i++) {
  for (const [way, call] of Object.entries(ways)) {
    const begin = performance.now();
    call();
    // The first ones compile.
    if (i >= 20) seconds[way]!.push((performance.now() - begin) / 1000);
  }
}
console.log(JSON.stringify({ mapped: median(seconds.mapped!), bySums: median(seconds.bySums!) }));
