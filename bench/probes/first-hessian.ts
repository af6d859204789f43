// A whole process: import, parameters, trace, compile, 32 Hessians of the seed's network. Whoever starts it takes the time.
import { hessian, nn, numpy as np, random, vmap } from 'nabla';

const model = new nn.MLP({ features: [20, 20, 20, 20, 20, 1] });
const X = np.ones([32, 3]);
const params = model.init(random.PRNGKey(0), X);
const u = (p: nn.Params, x: np.Array): np.Array => np.squeeze(model.apply(p, x));
const H = vmap(hessian(u, { argnums: 1 }), [null, 0])(params, X);
console.log(JSON.stringify({ shape: H.shape }));
