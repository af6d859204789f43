// One case, all contestants: every recipe is compiled, checked and timed briefly, the best two of each contestant (and its plain
// form, and the best that takes the whole batch at once) go into rounds in which the contestants take turns, so that what disturbs
// the machine disturbs them alike.
import { setTimeout as sleep } from 'node:timers/promises';
import { disagreement } from './agreement.js';
import { type Case, work } from './cases.js';
import type { Contestant } from './contestant.js';
import type { DataFolder } from './data.js';
import type { Prepared, Recipes, Timed } from './protocol.js';
import { type Summary, summarize } from './statistics.js';

export interface Candidate {
  readonly recipe: string;
  /** In a call. */
  readonly samples?: number;
  /** Fastest of a few calls, and the first, which compiles. */
  readonly seconds?: number;
  readonly firstSeconds?: number;
  /** Why it did not take part. */
  readonly error?: string;
}

export interface Entry {
  readonly name: string;
  readonly recipe: string;
  /** Whether this is the contestant's fastest recipe; others it may have are what users write first, and the fastest whole. */
  readonly best: boolean;
  /** Whether it is the fastest of those that take the whole batch at once, in no chunks of the harness's making. */
  readonly whole: boolean;
  readonly seconds: Summary;
  readonly samplesPerSecond: number;
  /** How many times faster the first contestant is, round by round. */
  readonly ratio?: Summary;
}

export interface Outcome {
  readonly case: Case;
  /** Operations of the best known formula for the whole batch. */
  readonly flops: { readonly matmul: number; readonly contraction: number };
  /**
   * Operations per second of fused multiply-adds on the case's threads: each round's median of the bursts between nabla's calls,
   * and the best burst of all, when the machine was quiet.
   */
  readonly peak: { readonly flops: Summary; readonly quiet: number };
  /** nabla's share of the peak around its calls, round by round: products with the weights only, and all. */
  readonly share: { readonly matmul: Summary; readonly all: Summary };
  readonly entries: readonly Entry[];
  readonly candidates: Readonly<Record<string, readonly Candidate[]>>;
}

export interface Budget {
  readonly rounds: number;
  /** Seconds a contestant calls its function in one round, at least once. */
  readonly seconds: number;
  /** Seconds a recipe may take to compile and run a few times. */
  readonly timeout: number;
}

/** What a user writes first, if the contestant's recipes include it. */
const plainRecipe = 'plain';

/** Whether a recipe hands its library the whole batch at once, as a user would. */
const isWhole = (recipe: string): boolean => !/, (lax\.|chunks |sharded|workers)/.test(recipe);

/** So many of a contestant's recipes are timed: which is the fastest of all, a few calls on a busy machine do not tell. */
const finalists = 2;

/** A plain form so many times slower than the best would take most of the run's time to say so. */
const hopeless = 15;

interface Context {
  readonly data: DataFolder;
  readonly budget: Budget;
  readonly progress: (text: string) => void;
  /** Result files to agree with, by number of samples. */
  readonly references: Map<number, string>;
}

interface Runner {
  readonly contestant: Contestant;
  readonly recipe: string;
  /** Of a call, on trial. */
  readonly expected: number;
  readonly times: number[];
}

/**
 * Before the rounds: calls whose results are new memory meet pages the system has never handed out. A virtual machine has to get
 * them from its host, 2 µs for 4 KiB: a million Hessians took twice as long until memory went round.
 */
const warmUpCalls = 8;
const warmUpSeconds = 1;

/** Recipes are compared on at most so many samples: a million of the slow ones would take minutes. */
const trialSamples = 65_536;

/** Compiles and checks some recipes of one contestant. The first result that comes in, nabla's, is the one to agree with. */
async function tryRecipes(
  contestant: Contestant,
  c: Case,
  recipes: readonly string[],
  { data, budget, references, progress }: Context,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const recipe of recipes) {
    progress(`${contestant.name}: ${recipe}`);
    const problem = data.problem(c);
    try {
      const { seconds, firstSeconds } = await contestant.ask<Prepared>(
        { op: 'prepare', recipe, problem },
        budget.timeout,
      );
      const reference = references.get(c.N) ?? problem.resultFile;
      references.set(c.N, reference);
      const error = disagreement(c, problem.rows, problem.resultFile, reference);
      candidates.push(error ? { recipe, error } : { recipe, samples: c.N, seconds, firstSeconds });
    } catch (error) {
      candidates.push({ recipe, error: (error as Error).message });
      if (contestant.gone) await contestant.revive();
    }
  }
  return candidates;
}

/** All recipes tried, on fewer samples if there are very many; what is to be timed is prepared when this returns. */
async function prepareBest(contestant: Contestant, c: Case, context: Context) {
  const { recipes } = await contestant.ask<Recipes>({ op: 'recipes', case: c }, context.budget.timeout);
  const trial = { ...c, N: Math.min(c.N, trialSamples) };
  const tried = await tryRecipes(contestant, trial, recipes, context);
  const chosen = (from: readonly Candidate[]) => {
    const good = from.filter(({ seconds }) => seconds !== undefined).sort(({ seconds: a }, { seconds: b }) => a! - b!);
    const whole = good.find(({ recipe }) => isWhole(recipe));
    return good.filter(
      (candidate, rank) =>
        rank < finalists ||
        ((candidate === whole || candidate.recipe === plainRecipe) &&
          candidate.seconds! < hopeless * good[0]!.seconds!),
    );
  };
  // Once more from the start: the others' memory is free again, and a process that had to be replaced has lost them.
  // What failed may have left the library in pieces (PyTorch: an open level of forward differentiation).
  if (tried.some(({ error }) => error !== undefined)) await contestant.revive();
  else await contestant.ask({ op: 'drop' }, 60);
  const names = chosen(tried).map(({ recipe }) => recipe);
  const whole = await tryRecipes(contestant, c, names, context);
  const failed = whole.filter(({ error }) => error !== undefined);
  return { tried: [...tried, ...(trial.N === c.N ? failed : whole)], chosen: chosen(whole) };
}

export async function measure(
  c: Case,
  contestants: readonly Contestant[],
  data: DataFolder,
  budget: Budget,
  progress: (text: string) => void,
): Promise<Outcome> {
  const candidates: Record<string, Candidate[]> = {};
  const runners: Runner[] = [];
  const context: Context = { data, budget, progress, references: new Map() };
  for (const contestant of contestants) {
    const { tried, chosen } = await prepareBest(contestant, c, context).catch((error: Error) => ({
      tried: [{ recipe: 'any', error: error.message }],
      chosen: [],
    }));
    candidates[contestant.name] = tried;
    if (contestant.gone) continue;
    for (const { recipe, seconds } of chosen) runners.push({ contestant, recipe, expected: seconds!, times: [] });
  }
  if (runners[0]?.contestant !== contestants[0]) {
    throw new Error(`nabla failed: ${candidates[contestants[0]!.name]?.map(({ error }) => error).join('; ')}`);
  }
  const first = contestants[0]!;
  const failed = new Set<string>();
  const peaks: NonNullable<Timed['peak']>[] = [];
  for (let round = -1; round < budget.rounds; round++) {
    progress(round < 0 ? 'warming up' : `round ${round + 1} of ${budget.rounds}`);
    for (const { contestant, recipe, expected, times } of runners) {
      if (contestant.gone || failed.has(recipe + contestant.name)) continue;
      const seconds = round < 0 ? Math.min(warmUpCalls * expected, warmUpSeconds) : budget.seconds;
      const timed = await contestant
        .ask<Timed>({ op: 'time', recipe, seconds }, 10 * budget.timeout)
        .catch((error: Error) => error);
      if (timed instanceof Error) {
        if (contestant === first) throw timed;
        candidates[contestant.name]!.push({ recipe, error: `when timed: ${timed.message}` });
        failed.add(recipe + contestant.name);
        continue;
      }
      if (round < 0) continue;
      times.push(timed.seconds);
      if (timed.peak) peaks.push(timed.peak);
      // Worker threads of the last one spin for a moment before they sleep.
      await sleep(10);
    }
  }
  for (const contestant of contestants) if (!contestant.gone) await contestant.ask({ op: 'drop' }, 60);

  const perSample = work(c);
  const flops = { matmul: perSample.matmul * c.N, contraction: perSample.contraction * c.N };
  const share = (operations: number): Summary => summarize(peaks.map((p) => operations / p.perCall));
  return {
    case: c,
    flops,
    peak: { flops: summarize(peaks.map((p) => p.flops)), quiet: Math.max(...peaks.map((p) => p.best)) },
    share: { matmul: share(flops.matmul), all: share(flops.matmul + flops.contraction) },
    // A ratio needs every round.
    entries: entriesOf(
      c,
      runners
        .filter(({ times }) => times.length === budget.rounds)
        .map(({ contestant: { name }, recipe, times }) => ({ name, recipe, times })),
    ),
    candidates,
  };
}

interface TimedRecipe {
  readonly name: string;
  readonly recipe: string;
  /** Seconds of a call, round by round. */
  readonly times: readonly number[];
}

/** Each contestant's fastest recipes and what users write first; the first of all is what the others are compared with. */
export function entriesOf(c: Case, recipes: readonly TimedRecipe[]): Entry[] {
  const timed = recipes.map(({ name, recipe, times }) => ({ name, recipe, seconds: summarize(times) }));
  return timed.flatMap(({ name, recipe, seconds }, i) => {
    const own = timed.filter((other) => other.name === name);
    const isFastest = (of: readonly (typeof own)[number][]) =>
      seconds.median === Math.min(...of.map((other) => other.seconds.median));
    const best = isFastest(own);
    const whole = isWhole(recipe) && isFastest(own.filter((other) => isWhole(other.recipe)));
    if (!best && !whole && recipe !== plainRecipe) return [];
    const ratio = i === 0 ? {} : { ratio: summarize(seconds.rounds.map((t, round) => t / recipes[0]!.times[round]!)) };
    return { name, recipe, best, whole, seconds, samplesPerSecond: c.N / seconds.median, ...ratio };
  });
}
