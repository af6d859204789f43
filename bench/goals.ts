// What nabla means to reach, and the cases that say whether it does. Evaluated in verdicts.ts; the selection `goals` is their cases.
import type { Case, Float, Quantity } from './cases.js';
import { flatnessName, gainName } from './derived.js';
import { batchFor, type Network, seed, tanhNet, wide } from './networks.js';
import { errorName, firstHessianName, memoryName, million } from './probes/probe.js';

/** A peer's best recipe, the best that takes the whole batch at once, what users write first. */
const recipeClasses = { best: 'the best recipe', whole: 'the best for a whole batch', plain: 'what users write first' };
type RecipeClass = keyof typeof recipeClasses;

export type Figure =
  /** Of the FMA peak; `all` counts the products JᵀdJ of Hessians too. */
  | { readonly kind: 'share'; readonly of: Case; readonly operations: 'matmul' | 'all' }
  /** How many times faster than the fastest of some peers. */
  | { readonly kind: 'ratio'; readonly of: Case; readonly peers: readonly string[]; readonly recipe: RecipeClass }
  /** Seconds of a call. */
  | { readonly kind: 'call'; readonly of: Case }
  /** A measurement after the cases, or one derived from some of them. */
  | { readonly kind: 'probe'; readonly probe: string; readonly from: readonly Case[] };

export interface Goal {
  readonly what: string;
  readonly figure: Figure;
  readonly bound: 'at least' | 'at most';
  /** Shares and seconds as such: units are for people. */
  readonly value: number;
  readonly unit: '%' | '×' | 'µs' | 'ms' | 'MiB';
}

const floats: readonly Float[] = ['float32', 'float64'];
type PerFloat = readonly [float32: number, float64?: number];

interface About extends Partial<Pick<Case, 'N' | 'threads'>> {
  readonly quantity?: Quantity;
  readonly network: Network;
}

const caseOf = (dtype: Float, { quantity = 'hessian', network, N = batchFor(network), threads = 1 }: About): Case => ({
  quantity,
  features: network.features,
  d: network.d,
  N,
  dtype,
  threads,
});

/** A goal for each precision that has a value. */
const perFloat = (values: PerFloat, make: (dtype: Float, value: number) => Goal): Goal[] =>
  floats.flatMap((dtype, i) => (values[i] === undefined ? [] : [make(dtype, values[i])]));

const share = (about: About, values: PerFloat, operations: 'matmul' | 'all' = 'matmul'): Goal[] =>
  perFloat(values, (dtype, value) => ({
    what: `share of the FMA peak${operations === 'all' ? ', JᵀdJ counted in' : ''}`,
    figure: { kind: 'share', of: caseOf(dtype, about), operations },
    bound: 'at least',
    value,
    unit: '%',
  }));

const faster = (about: About, peers: readonly string[], values: PerFloat, recipe: RecipeClass = 'best'): Goal[] =>
  perFloat(values, (dtype, value) => ({
    what: `against ${peers.join(' and ')}, ${recipeClasses[recipe]}`,
    figure: { kind: 'ratio', of: caseOf(dtype, about), peers, recipe },
    bound: 'at least',
    value,
    unit: '×',
  }));

const call = (about: About, value: number): Goal => ({
  what: 'one call',
  figure: { kind: 'call', of: caseOf('float32', about) },
  bound: 'at most',
  value,
  unit: 'µs',
});

const gain = (about: About & { threads: number }, value: number): Goal[] =>
  perFloat([value, value], (dtype) => {
    const of = caseOf(dtype, about);
    const figure = { kind: 'probe', probe: gainName(of, 'yardstick'), from: [{ ...of, threads: 1 }, of] } as const;
    return { what: `${of.threads} threads against 1`, figure, bound: 'at least', value, unit: '×' };
  });

const flat = (about: About, sizes: readonly number[], value: number): Goal[] =>
  perFloat([value, value], (dtype) => {
    const from = sizes.map((N) => caseOf(dtype, { ...about, N }));
    const figure = { kind: 'probe', probe: flatnessName(from[0]!, 'yardstick'), from } as const;
    return { what: 'slowest / fastest sample over N', figure, bound: 'at most', value, unit: '×' };
  });

/** `threads` is the most to use: peers are met with all of them. */
export function goals(threads: number): Goal[] {
  const long = { network: seed, N: 65_536 };
  const all = { ...long, threads };
  const gradient = { ...all, quantity: 'gradient' } as const;
  const step = (width: number, layers: number, N: number) =>
    ({ quantity: 'step', network: tanhNet(width, layers, 2), N, threads }) as const;
  const fastest = ['jax', 'torch'];
  return [
    ...share(long, [0.6, 0.55]),
    ...share({ network: tanhNet(64, 4) }, [0.78, 0.78]),
    ...share({ network: tanhNet(128, 4) }, [0.85, 0.85]),
    ...share({ network: tanhNet(256, 4) }, [0.85, 0.85]),
    ...share({ network: tanhNet(256, 4, 32) }, [0.7, 0.7], 'all'),
    ...share({ network: tanhNet(128, 4, 128) }, [0.7, 0.7], 'all'),
    call({ network: seed, N: 1, threads }, 10e-6),
    call({ network: seed, N: 32, threads }, 15e-6),
    ...(threads > 1 ? gain(all, 1.9) : []),
    ...[...new Set([1, threads])].flatMap((k) => flat({ network: seed, threads: k }, [4096, 65_536, million], 1.1)),
    {
      what: 'start of a process to its first Hessians',
      figure: { kind: 'probe', probe: firstHessianName, from: [] },
      bound: 'at most',
      value: 120,
      unit: 'ms',
    },
    {
      what: "float32 error of Hessians beside JAX's, root mean square",
      figure: { kind: 'probe', probe: errorName('jax'), from: [] },
      bound: 'at most',
      value: 1,
      unit: '×',
    },
    {
      what: 'memory beyond inputs and outputs, a million Hessians',
      figure: { kind: 'probe', probe: memoryName(`${million} Hessians`), from: [] },
      bound: 'at most',
      value: 32,
      unit: 'MiB',
    },
    ...faster(all, ['jax'], [6, 5]),
    ...faster(all, ['jax'], [12, 12], 'plain'),
    ...faster(all, ['torch'], [6, 8]),
    ...faster(all, ['onnxruntime'], [3.5, 6]),
    ...faster(all, ['jax-js'], [300]),
    ...faster(all, ['tfjs'], [300]),
    ...faster({ network: tanhNet(64, 4), threads }, ['jax'], [2.5, 2.8]),
    ...faster({ network: tanhNet(256, 4), threads }, ['jax'], [2, 2]),
    ...faster(gradient, ['jax'], [3, 2]),
    ...faster({ ...gradient, network: tanhNet(256, 4), N: batchFor(tanhNet(256, 4)) }, ['jax'], [1.25, 1.25]),
    ...faster({ quantity: 'laplacian', network: wide, N: 2048, threads }, ['jax'], [1.8, 1.8]),
    // JAX's forms of the residual and PyTorch's double backward, on the whole batch; in chunks and shards they are faster.
    ...(['whole', 'best'] as const).flatMap((recipe) => [
      ...faster(step(20, 5, 4096), fastest, [4], recipe),
      ...faster(step(20, 5, 65_536), fastest, [10], recipe),
      ...faster(step(50, 4, 4096), fastest, [3], recipe),
      ...faster(step(128, 4, 4096), fastest, [2.5], recipe),
      ...faster(step(256, 4, 2048), fastest, [2.5], recipe),
    ]),
  ];
}

export const casesOf = ({ figure }: Goal): readonly Case[] => (figure.kind === 'probe' ? figure.from : [figure.of]);
