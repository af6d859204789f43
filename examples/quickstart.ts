// First and second derivatives of a network in its inputs, sample by sample: the program to start from.

import { performance } from 'node:perf_hooks';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { grad, hessian, jit, nn, numpy as np, random, vmap } from 'nabla';
import { jaxGradient, jaxHessian } from './quickstart-jax.js';

const model = new nn.MLP({ features: [20, 20, 20, 20, 20, 1] }); // tanh is the default

/** The network as a function of one sample, x: [3] → []. */
const u = (params: nn.Params, x: np.Array) => np.squeeze(model.apply(params, x));

const gradients = vmap(grad(u, { argnums: 1 }), [null, 0]);
const hessians = vmap(hessian(u, { argnums: 1 }), [null, 0]);

/** The largest difference of two arrays' entries, as a share of the largest entry. */
function difference(a: np.Array, b: np.Array): number {
  const largest = (x: np.Array) => Math.max(...np.abs(x).data);
  return largest(np.sub(a, b)) / largest(b);
}

export interface Quickstart {
  readonly uX: np.Array;
  readonly uXX: np.Array;
  /** Differences from what JAX and Flax compute. */
  readonly errors: readonly [gradient: number, hessian: number];
  /** Seconds for the Hessians of `samples` random points. */
  readonly seconds: number;
}

export function quickstart(samples: number): Quickstart {
  const X = np.ones([32, 3]);
  const params = model.init(random.PRNGKey(0), X); // the same bits as Flax

  const uX = gradients(params, X); // [32, 3]
  const uXX = hessians(params, X); // [32, 3, 3]
  const errors = [difference(uX, np.array(jaxGradient)), difference(uXX, np.array(jaxHessian))] as const;

  const points = random.normal(random.PRNGKey(1), [samples, 3]);
  const compiled = jit(hessians);
  compiled(params, points);
  const begin = performance.now();
  compiled(params, points);
  return { uX, uXX, errors, seconds: (performance.now() - begin) / 1000 };
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  const samples = 1_000_000;
  const { uX, uXX, errors, seconds } = quickstart(samples);
  console.log(`uX, [${uX.shape}]:\n${uX.at([0, 2])}\n...`);
  console.log(`uXX, [${uXX.shape}]:\n${uXX.at([0, 2])}\n...`);
  console.log(
    `largest difference from JAX and Flax: ${errors.map((e) => e.toExponential(1)).join(' and ')} of the largest entry`,
  );
  console.log(
    `Hessians at ${samples.toLocaleString('en')} random points: ${seconds.toFixed(3)} s, ` +
      `${(samples / seconds / 1e6).toPrecision(3)} million a second`,
  );
}
