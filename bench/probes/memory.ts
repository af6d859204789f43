// Peak memory of a process that computes Hessians of the seed's network, beyond what it had with its inputs and what the
// result takes. Compiling is counted in.
import { hessian, jit, nn, numpy as np, random, vmap } from 'nabla';

const N = Number(process.argv[2] ?? 1_000_000);
const model = new nn.MLP({ features: [20, 20, 20, 20, 20, 1] });
const params = model.init(random.PRNGKey(0), np.ones([1, 3]));
const u = (p: nn.Params, x: np.Array): np.Array => np.squeeze(model.apply(p, x));
const X = random.normal(random.PRNGKey(1), [N, 3]);
const before = process.memoryUsage.rss();
const H = jit(vmap(hessian(u, { argnums: 1 }), [null, 0]))(params, X);
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ before, peak, inputs: X.data.byteLength, outputs: H.data.byteLength }));
