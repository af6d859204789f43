// Poisson's equation in three dimensions, through the Laplacian:
//
//   Δu = −3π²·sin(πx)·sin(πy)·sin(πz) on the unit cube,   u = 0 on its faces,
//
// whose solution is the product of sines. The network is multiplied by a function that vanishes on the faces, so that the boundary
// condition holds by itself (a hard constraint) and the loss is the residual alone.
// Run it with a file name for the picture: node dist/examples/poisson.js poisson.svg

import { writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { jit, laplacian, nn, numpy as np, optim, random, train, vmap } from 'nabla';
import { figure } from './plot.js';
import { grid, isMain, relativeError } from './support.js';

const dtype = 'float64';
const model = new nn.MLP({ features: [24, 24, 24, 1], dtype });

/** u at x: [3] → []: 64·∏ xᵢ(1 − xᵢ), which is 1 in the middle, times the network. */
function u(params: nn.Params, x: np.Array): np.Array {
  const [a, b, c] = [0, 1, 2].map((i) =>
    x
      .at(i)
      .mul(np.sub(1, x.at(i)))
      .mul(4),
  ) as [np.Array, np.Array, np.Array];
  const network = np.squeeze(model.apply(params, x.mul(2).sub(1)));
  return a.mul(b).mul(c).mul(network);
}
const laplacianOfU = laplacian(u, { argnums: 1 });

/** sin(πx)·sin(πy)·sin(πz). */
function exact(x: np.Array): np.Array {
  const s = np.sin(x.mul(Math.PI));
  return s.at(0).mul(s.at(1)).mul(s.at(2));
}

const residual = (params: nn.Params, x: np.Array): np.Array =>
  laplacianOfU(params, x).add(exact(x).mul(3 * Math.PI ** 2));

const residuals = vmap(residual, [null, 0]);

// The weight brings the loss of the zero function near 1.
export const loss = train.meanSquares<nn.Params, { interior: np.Array }>({
  interior: { residual: (params, { interior }) => residuals(params, interior), weight: 1e-2 },
});

const counts = [21, 21, 21] as const;
const gridPoints = grid([0, 0, 0], [1, 1, 1], counts);
const exactValues = vmap(exact)(gridPoints).data;
const valuesOf = jit(vmap(u, [null, 0]));

export interface PoissonOptions {
  readonly samples: number;
  readonly adamSteps: number;
  readonly lbfgsSteps: number;
  readonly progress?: boolean;
}

export interface Solution {
  readonly params: nn.Params;
  readonly losses: readonly number[];
  /** Relative L2 error on a grid of 21³ points. */
  readonly error: number;
}

export async function poisson({ samples, adamSteps, lbfgsSteps, progress }: PoissonOptions): Promise<Solution> {
  const key = random.PRNGKey(0);
  const data = { interior: random.halton(random.foldIn(key, 1), [samples, 3], { dtype }) };
  const params: nn.Params = model.init(key, [0, 0, 0]);
  const first = await train.fit({ loss, params, data, optimizer: optim.adam(3e-3), steps: adamSteps, progress });
  const optimizer = optim.lbfgs({ memorySize: 50 });
  const second = await train.fit({ loss, params: first.params, data, optimizer, steps: lbfgsSteps, progress });
  return {
    params: second.params,
    losses: [...first.losses, ...second.losses],
    error: relativeError(valuesOf(second.params, gridPoints).data, exactValues),
  };
}

/** Solution and error in the middle plane z = 1/2, and the loss curve. */
export function picture({ params, losses }: Solution): string {
  const sides = [65, 65] as const;
  const plane = np.concatenate([grid([0, 0], [1, 1], sides), np.full([sides[0] * sides[1], 1], 0.5, { dtype })], 1);
  const solution = valuesOf(params, plane).data;
  const reference = vmap(exact)(plane).data;
  const error = Float64Array.from(solution, (v, i) => v - reference[i]!);
  const axes = { kind: 'field', labels: ['x', 'y'], x: [0, 1], y: [0, 1], counts: sides } as const;
  const curve = losses.map((v, i) => [i, v] as const);
  return figure([
    { ...axes, title: 'u(x, y, 1/2)', values: solution, colours: 'sequential' },
    { ...axes, title: 'error', values: error, colours: 'diverging' },
    { kind: 'curves', title: 'loss', labels: ['step', 'loss'], log: true, curves: [{ name: 'loss', points: curve }] },
  ]);
}

if (isMain(import.meta.url)) {
  const begin = performance.now();
  const solution = await poisson({ samples: 4096, adamSteps: 500, lbfgsSteps: 1500, progress: true });
  const seconds = (performance.now() - begin) / 1000;
  console.log(`relative L2 error ${solution.error.toExponential(2)} after ${seconds.toFixed(0)} s`);
  const file = argv[2] ?? 'poisson.svg';
  await writeFile(file, picture(solution));
  console.log(`wrote ${file}`);
}
