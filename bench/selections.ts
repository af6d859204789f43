// Which cases a run measures. Each selection answers a question; `--filter` narrows any of them.
import { type Case, caseName, type Float, type Quantity, quantities, resultLengths } from './cases.js';
import { casesOf, goals } from './goals.js';
import { batchFor, type Network, seed, tanhNet, wide } from './networks.js';

const floats: readonly Float[] = ['float32', 'float64'];

interface Grid {
  quantity: readonly Quantity[];
  network: readonly Network[];
  N: readonly number[];
  dtype?: readonly Float[];
  threads?: readonly number[];
}

/** Every combination. */
function grid({ quantity, network, N, dtype = floats, threads = [1] }: Grid): Case[] {
  return network.flatMap(({ features, d }) =>
    quantity.flatMap((q) =>
      dtype.flatMap((t) =>
        N.flatMap((n) => threads.map((k) => ({ quantity: q, features, d, N: n, dtype: t, threads: k }))),
      ),
    ),
  );
}

const sizes = [1, 32, 1024, 4096, 65_536, 1_000_000];
const perSample = quantities.filter((q) => q !== 'step');
const widths = [tanhNet(64, 4), tanhNet(128, 4), tanhNet(256, 4), tanhNet(512, 3)];

/** Hessians of 128 inputs for a million samples would be 64 GB, and nothing would be learned that 65,536 do not tell. */
const largestResult = 2 ** 31;
const resultBytes = (c: Case): number =>
  c.N * resultLengths(c).perSample.reduce((sum, n) => sum + n, 0) * (c.dtype === 'float32' ? 4 : 8);

const all = (threads: number): number[] => (threads === 1 ? [1] : [1, threads]);

/** A batch of its own length for each network. */
const ownBatch = (networks: readonly Network[], rest: Omit<Grid, 'network' | 'N'>): Case[] =>
  networks.flatMap((network) => grid({ ...rest, network: [network], N: [batchFor(network)] }));

/** The cases of all goals, each once; alone if no goal compares it. */
function goalCases(threads: number): Case[] {
  const found = new Map<string, Case>();
  for (const goal of goals(threads)) {
    for (const c of casesOf(goal)) {
      const name = caseName(c);
      const known = found.get(name);
      const alone = goal.figure.kind !== 'ratio' && (known === undefined || known.alone === true);
      found.set(name, alone ? { ...c, alone } : c);
    }
  }
  return [...found.values()];
}

const steps = (threads: number): Case[] => [
  ...grid({ quantity: ['step'], network: [tanhNet(20, 5, 2)], N: [4096, 65_536], threads: [threads] }),
  ...grid({ quantity: ['step'], network: [tanhNet(50, 4, 2), tanhNet(128, 4, 2)], N: [4096], threads: [threads] }),
  ...grid({ quantity: ['step'], network: [tanhNet(256, 4, 2)], N: [2048], threads: [threads] }),
];

export type Selection = (threads: number) => Case[];

/** By name; each takes the most threads to use. */
export const selections: Readonly<Record<string, Selection>> = {
  /** One call of 32 samples: does the harness work? */
  smallest: () => grid({ quantity: ['hessian'], network: [seed], N: [32], dtype: ['float32'] }),

  /** About a minute. */
  quick: (threads) => [
    ...grid({ quantity: ['hessian'], network: [seed], N: [1, 32] }),
    ...grid({ quantity: perSample, network: [seed], N: [65_536], dtype: ['float32'] }),
    ...grid({ quantity: ['hessian'], network: [seed], N: [65_536], threads: all(threads) }).slice(1),
    ...ownBatch([tanhNet(64, 4), tanhNet(256, 4)], { quantity: ['hessian'] }),
  ],

  /** Every question of the others about nabla alone: quantities, sizes, widths, inputs, threads. */
  default: (threads) => [
    ...grid({ quantity: ['hessian'], network: [seed], N: sizes, threads: all(threads) }),
    ...grid({ quantity: perSample.filter((q) => q !== 'hessian'), network: [seed], N: [1, 65_536] }),
    ...ownBatch(widths, { quantity: perSample }),
    ...ownBatch(
      [1, 2, 10, 32, 128].map((d) => tanhNet(64, 4, d)),
      { quantity: ['hessian'] },
    ),
    ...ownBatch([tanhNet(256, 4, 32), tanhNet(128, 4, 128)], { quantity: ['hessian'] }),
    ...grid({ quantity: ['laplacian'], network: [wide], N: [2048], threads: [threads] }),
    ...grid({ quantity: ['step'], network: [tanhNet(20, 5, 2), tanhNet(50, 4, 2)], N: [4096], threads: [threads] }),
  ],

  /** The whole product, as far as its results fit the memory of a machine; hours. */
  full: (threads) =>
    grid({
      quantity: perSample,
      network: [seed, ...widths].flatMap(({ features }) => [1, 2, 3, 10, 32, 128].map((d) => ({ features, d }))),
      N: sizes,
      threads: all(threads),
    }).filter((c) => resultBytes(c) <= largestResult),

  /** The first figure of all: the seed's network over a million points. */
  readme: (threads) =>
    grid({ quantity: ['hessian'], network: [seed], N: [1_000_000], dtype: ['float32'], threads: all(threads) }),

  /** The seed's network against everybody, sizes and quantities. */
  seed: (threads) => [
    ...grid({ quantity: ['hessian'], network: [seed], N: [32, 1024, 8192, 65_536], threads: [threads] }),
    ...grid({ quantity: ['gradient', 'laplacian'], network: [seed], N: [65_536], threads: [threads] }),
  ],

  /** Hessians and gradients over widths against everybody. */
  widths: (threads) => [
    ...ownBatch([seed, tanhNet(64, 4), tanhNet(128, 4), tanhNet(256, 4)], {
      quantity: ['hessian'],
      threads: [threads],
    }),
    ...ownBatch([tanhNet(256, 4)], { quantity: ['gradient'], threads: [threads] }),
  ],

  laplacian: (threads) => grid({ quantity: ['laplacian'], network: [wide], N: [2048], threads: [threads] }),

  /** Loss and parameter gradient of Burgers' residual. */
  step: steps,

  /** Every case a goal is about, nabla alone where no peer is in it; steps in float64 too. */
  goals: (threads) => [...goalCases(threads), ...steps(threads).filter(({ dtype }) => dtype === 'float64')],
};
