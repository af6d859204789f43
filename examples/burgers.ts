// Burgers' equation by a physics-informed network:
//
//   u_t + u·u_x − (0.01/π)·u_xx = 0 on [0, 1] × [−1, 1],   u(0, x) = −sin(πx),   u(t, ±1) = 0.
//
// A shock of width 0.005 forms at x = 0. 2,540 points inside, 80 on the boundary, 160 at the beginning; Adam, then L-BFGS.
// Run it with a file name for the picture: node dist/examples/burgers.js burgers.svg

import { writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { grad, hessian, jit, nn, numpy as np, optim, random, train, vmap } from 'nabla';
import { burgersExact, viscosity } from './burgers-exact.js';
import { figure } from './plot.js';
import { grid, isMain, relativeError } from './support.js';

// Double precision: L-BFGS learns the curvature from differences of gradients, of which float32 leaves too few digits.
const dtype = 'float64';
const interiorPoints = 2540;

export const model = new nn.MLP({ features: [32, 32, 32, 32, 1], dtype });

/** u at x = (t, x): [2] → []. The network sees both coordinates in [−1, 1]. */
function u(params: nn.Params, x: np.Array): np.Array {
  return np.squeeze(model.apply(params, x.mul([2, 1]).sub([1, 0])));
}
const gradient = grad(u, { argnums: 1 });
const curvature = hessian(u, { argnums: 1 });

/** What the equation leaves over at one point. The compiler sees that of the Hessian only u_xx is wanted. */
function residual(params: nn.Params, x: np.Array): np.Array {
  const g = gradient(params, x);
  const uXX = curvature(params, x).at(1, 1);
  return g
    .at(0)
    .add(u(params, x).mul(g.at(1)))
    .sub(uXX.mul(viscosity));
}

export interface Points {
  readonly interior: np.Array;
  readonly boundary: np.Array;
  readonly initial: np.Array;
  /** u at the initial points. */
  readonly initialValues: np.Array;
}

/** The residual at many points: [N, 2] → [N]. */
export const residuals = vmap(residual, [null, 0]);
const values = vmap(u, [null, 0]);

export const loss = train.meanSquares<nn.Params, Points>({
  interior: (params, { interior }) => residuals(params, interior),
  boundary: { residual: (params, { boundary }) => values(params, boundary), weight: 20 },
  initial: { residual: (params, p) => values(params, p.initial).sub(p.initialValues), weight: 20 },
});

const box = { minval: [0, -1], maxval: [1, 1], dtype } as const;

export function points(key: random.Key): Points {
  const [inside, edge, begin] = [0, 1, 2].map((i) => random.foldIn(key, i)) as [random.Key, random.Key, random.Key];
  const times = random.halton(edge, [80, 1], { dtype });
  const ends = np.array(Float64Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? -1 : 1)));
  const xs = random.halton(begin, [160, 1], { minval: -1, dtype });
  return {
    interior: random.halton(inside, [interiorPoints, 2], box),
    boundary: np.concatenate([times, np.reshape(ends, [80, 1])], 1),
    initial: np.concatenate([np.zeros([160, 1], { dtype }), xs], 1),
    initialValues: np.neg(np.sin(np.mul(Math.PI, np.ravel(xs)))),
  };
}

const residualsOf = jit(residuals);
const poolSize = 20_000;

/**
 * Interior points drawn anew from many, with a probability that grows with the residual there (Wu et al., 2023): without it so few
 * points leave gaps in which the shock has room to be wrong.
 */
function resampled(params: nn.Params, old: Points, key: random.Key): Points {
  const [where, which] = [random.foldIn(key, 0), random.foldIn(key, 1)];
  const pool = random.halton(where, [poolSize, 2], box);
  const size = np.abs(residualsOf(params, pool));
  const weights = np.add(np.div(size, np.mean(size)), 1).data;
  // Drawing with weights w and without replacement: the largest of log(uniform)/w (Efraimidis and Spirakis, 2006).
  const draws = random.uniform(which, poolSize, { dtype }).data;
  const order = Array.from(draws, (draw, i) => ({ i, rank: Math.log(draw) / weights[i]! })).sort(
    (a, b) => b.rank - a.rank,
  );
  const chosen = order.slice(0, interiorPoints).flatMap(({ i }) => [...pool.data.subarray(2 * i, 2 * i + 2)]);
  const interior = np.reshape(np.array(Float64Array.from(chosen)), [interiorPoints, 2]);
  return { ...old, interior };
}

export interface BurgersOptions {
  readonly adamSteps: number;
  /** Rounds of L-BFGS, each on points drawn anew. */
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly progress?: boolean;
  /** Told the points of every part of the training before it begins. */
  readonly onPoints?: (points: Points) => void;
}

export interface Solution {
  readonly params: nn.Params;
  readonly losses: readonly number[];
  /** Relative L2 error after Adam and after each round. */
  readonly errors: readonly number[];
  /** Seconds of training until then. */
  readonly seconds: readonly number[];
}

const counts = [101, 257] as const;
export const gridPoints = grid([0, -1], [1, 1], counts);
export const exact = Float64Array.from({ length: gridPoints.shape[0]! }, (_, i) =>
  burgersExact(gridPoints.data[2 * i]!, gridPoints.data[2 * i + 1]!),
);
const valuesOf = jit(values);
const errorOf = (params: nn.Params): number => relativeError(valuesOf(params, gridPoints).data, exact);

/** Enough for an error below 1e-3. */
export const wholeTraining = { adamSteps: 2000, rounds: 6, stepsPerRound: 1000 } as const;

const key = random.PRNGKey(0);
export const initialParams = (): nn.Params => model.init(key, [0, 0]);
export const adam = { learningRate: 1e-2, decaySteps: 1000, decayRate: 0.75 } as const;
export const memorySize = 200;

export async function burgers(options: BurgersOptions): Promise<Solution> {
  const { adamSteps, rounds, stepsPerRound, progress, onPoints } = options;
  const losses: number[] = [];
  const errors: number[] = [];
  const seconds: number[] = [];
  let params = initialParams();
  let data = points(random.foldIn(key, 1));
  const run = async (optimizer: optim.GradientTransformation, steps: number) => {
    onPoints?.(data);
    const begin = performance.now();
    const result = await train.fit({ loss, params, data, optimizer, steps, progress });
    seconds.push((seconds.at(-1) ?? 0) + (performance.now() - begin) / 1000);
    params = result.params;
    losses.push(...result.losses);
    errors.push(errorOf(params));
    if (progress) console.error(`relative L2 error ${errors.at(-1)!.toExponential(2)}`);
  };
  await run(optim.adam(optim.exponentialDecay(adam.learningRate, adam.decaySteps, adam.decayRate)), adamSteps);
  for (let round = 0; round < rounds; round++) {
    data = resampled(params, data, random.foldIn(key, 100 + round));
    await run(optim.lbfgs({ memorySize }), stepsPerRound);
  }
  return { params, losses, errors, seconds };
}

/** Solution, error and loss curve. */
export function picture({ params, losses }: Solution): string {
  const solution = valuesOf(params, gridPoints).data;
  const axes = { kind: 'field', labels: ['t', 'x'], x: [0, 1], y: [-1, 1], counts } as const;
  const error = Float64Array.from(solution, (v, i) => v - exact[i]!);
  const kept = Math.max(1, Math.floor(losses.length / 1000));
  const curve = losses.flatMap((v, i) => (i % kept === 0 ? [[i, v] as const] : []));
  return figure([
    { ...axes, title: 'u(t, x)', values: solution, colours: 'diverging' },
    { ...axes, title: 'error', values: error, colours: 'diverging' },
    { kind: 'curves', title: 'loss', labels: ['step', 'loss'], log: true, curves: [{ name: 'loss', points: curve }] },
  ]);
}

if (isMain(import.meta.url)) {
  const solution = await burgers({ ...wholeTraining, progress: true });
  const seconds = solution.seconds.at(-1)!;
  console.log(`relative L2 error ${solution.errors.at(-1)!.toExponential(2)} after ${seconds.toFixed(0)} s`);
  const file = argv[2] ?? 'burgers.svg';
  await writeFile(file, picture(solution));
  console.log(`wrote ${file}`);
}
