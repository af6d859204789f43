// An inverse problem: the viscosity of Burgers' equation, learned together with the solution from 1,000 noisy measurements of it.
//
//   u_t + u·u_x − ν·u_xx = 0 on [0, 1] × [−1, 1];   ν = 0.01/π is what is to be found.
//
// A coefficient is one more leaf in the tree of parameters.
// Run it with a file name for the picture: node dist/examples/inverse.js inverse.svg

import { writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { grad, hessian, nn, numpy as np, optim, random, train, vmap } from 'nabla';
import { burgersExact, viscosity } from './burgers-exact.js';
import { figure } from './plot.js';
import { isMain } from './support.js';

const dtype = 'float64';
const model = new nn.MLP({ features: [20, 20, 20, 1], dtype });

export interface Unknowns {
  readonly network: nn.Params;
  /** log ν: the coefficient stays positive, and steps are relative. */
  readonly logViscosity: np.Array;
}

const u = (network: nn.Params, x: np.Array): np.Array => np.squeeze(model.apply(network, x.mul([2, 1]).sub([1, 0])));
const gradient = grad(u, { argnums: 1 });
const curvature = hessian(u, { argnums: 1 });

function residual({ network, logViscosity }: Unknowns, x: np.Array): np.Array {
  const g = gradient(network, x);
  const uXX = curvature(network, x).at(1, 1);
  return g
    .at(0)
    .add(u(network, x).mul(g.at(1)))
    .sub(uXX.mul(np.exp(logViscosity)));
}

export interface Measurements {
  readonly interior: np.Array;
  readonly measured: np.Array;
  readonly values: np.Array;
}

export const loss = train.meanSquares<Unknowns, Measurements>({
  interior: (unknowns, { interior }) => vmap(residual, [null, 0])(unknowns, interior),
  measured: {
    residual: ({ network }, { measured, values }) => vmap(u, [null, 0])(network, measured).sub(values),
    weight: 10,
  },
});

/** Values of the exact solution with normally distributed noise. */
export function measurements(key: random.Key, count: number, noise: number): Measurements {
  const [where, what, inside] = [0, 1, 2].map((i) => random.foldIn(key, i)) as [random.Key, random.Key, random.Key];
  const box = { minval: [0, -1], maxval: [1, 1], dtype } as const;
  const measured = random.halton(where, [count, 2], box);
  const errors = random.normal(what, count, { dtype }).data;
  const values = Float64Array.from({ length: count }, (_, i) => {
    const [t, x] = measured.data.subarray(2 * i, 2 * i + 2) as Float64Array;
    return burgersExact(t!, x!) + noise * errors[i]!;
  });
  return { interior: random.halton(inside, [4 * count, 2], box), measured, values: np.array(values) };
}

export interface InverseOptions {
  readonly count: number;
  readonly noise: number;
  readonly adamSteps: number;
  readonly lbfgsSteps: number;
  readonly progress?: boolean;
}

export interface Found {
  readonly viscosity: number;
  /** |ν − 0.01/π| / (0.01/π). */
  readonly error: number;
  readonly losses: readonly number[];
  /** The estimate after each step. */
  readonly estimates: readonly number[];
}

export async function inverse({ count, noise, adamSteps, lbfgsSteps, progress }: InverseOptions): Promise<Found> {
  const key = random.PRNGKey(0);
  const data = measurements(random.foldIn(key, 1), count, noise);
  const estimates: number[] = [];
  const losses: number[] = [];
  // ten times too large to begin with
  let params: Unknowns = {
    network: model.init(key, [0, 0]),
    logViscosity: np.array(Math.log(10 * viscosity), { dtype }),
  };
  const run = async (optimizer: optim.GradientTransformation, steps: number) => {
    const onStep = ({ params: now }: train.StepReport<Unknowns>) => {
      estimates.push(Math.exp(now.logViscosity.item()));
    };
    const result = await train.fit({ loss, params, data, optimizer, steps, progress, onStep });
    params = result.params;
    losses.push(...result.losses);
  };
  await run(optim.adam(5e-3), adamSteps);
  await run(optim.lbfgs({ memorySize: 100 }), lbfgsSteps);
  const found = Math.exp(params.logViscosity.item());
  return { viscosity: found, error: Math.abs(found - viscosity) / viscosity, losses, estimates };
}

/** The estimate and the loss, step by step. */
export function picture({ losses, estimates }: Found): string {
  const curve = (values: readonly number[]) => values.map((v, i) => [i, v] as const);
  const truth = [[0, viscosity] as const, [estimates.length - 1, viscosity] as const];
  return figure([
    {
      kind: 'curves',
      title: 'viscosity',
      labels: ['step', 'ν'],
      log: true,
      curves: [
        { name: 'learned', points: curve(estimates) },
        { name: 'true', points: truth },
      ],
    },
    {
      kind: 'curves',
      title: 'loss',
      labels: ['step', 'loss'],
      log: true,
      curves: [{ name: 'loss', points: curve(losses) }],
    },
  ]);
}

if (isMain(import.meta.url)) {
  const begin = performance.now();
  const found = await inverse({ count: 1000, noise: 0.01, adamSteps: 1000, lbfgsSteps: 2000, progress: true });
  const seconds = (performance.now() - begin) / 1000;
  console.log(
    `viscosity ${found.viscosity.toExponential(4)}, true ${viscosity.toExponential(4)}: ` +
      `off by ${(100 * found.error).toPrecision(2)} % after ${seconds.toFixed(0)} s`,
  );
  const file = argv[2] ?? 'inverse.svg';
  await writeFile(file, picture(found));
  console.log(`wrote ${file}`);
}
