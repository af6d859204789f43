// Peak memory of a process beyond what it had with its inputs and what the result takes, compiling counted in: Hessians of the
// seed's network, or with `step` loss and parameter gradient of Burgers' residual.
//   node dist/bench/probes/memory.js [points] [step]
import { grad, hessian, jit, nn, numpy as np, random, tree, valueAndGrad, vmap } from 'nabla';

const N = Number(process.argv[2] ?? 1_000_000);
const isStep = process.argv[3] === 'step';
const d = isStep ? 2 : 3;
const model = new nn.MLP({ features: [20, 20, 20, 20, 20, 1] });
const params = model.init(random.PRNGKey(0), np.ones([1, d]));
const u = (p: nn.Params, x: np.Array): np.Array => np.squeeze(model.apply(p, x));
const gradient = grad(u, { argnums: 1 });
const curvature = hessian(u, { argnums: 1 });

function residual(p: nn.Params, x: np.Array): np.Array {
  const g = gradient(p, x);
  const convected = u(p, x).mul(g.at(1));
  return g
    .at(0)
    .add(convected)
    .sub(
      curvature(p, x)
        .at(1, 1)
        .mul(0.01 / Math.PI),
    );
}
const loss = (p: nn.Params, X: np.Array): np.Array => np.mean(np.square(vmap(residual, [null, 0])(p, X)));

const X = random.normal(random.PRNGKey(1), [N, d]);
const before = process.memoryUsage.rss();
const result = isStep ? jit(valueAndGrad(loss))(params, X) : jit(vmap(curvature, [null, 0]))(params, X);
const peak = process.resourceUsage().maxRSS * 1024;
const outputs = tree.leaves(result).reduce((bytes: number, x) => bytes + (x as np.Array).data.byteLength, 0);
console.log(JSON.stringify({ before, peak, inputs: X.data.byteLength, outputs }));
