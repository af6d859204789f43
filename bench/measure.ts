// One case, all contestants: every recipe is compiled, checked and timed briefly, the best of each contestant (and its plain
// form) goes into rounds in which the contestants take turns, so that what disturbs the machine disturbs them alike.
import { setTimeout as sleep } from 'node:timers/promises';
import { disagreement } from './agreement.js';
import { type Case, work } from './cases.js';
import type { Contestant } from './contestant.js';
import type { DataFolder } from './data.js';
import type { Peak, Prepared, Problem, Recipes, Timed } from './protocol.js';
import { type Summary, summarize } from './statistics.js';

export interface Candidate {
  readonly recipe: string;
  /** Fastest of a few calls, and the first, which compiles. */
  readonly seconds?: number;
  readonly firstSeconds?: number;
  /** Why it did not take part. */
  readonly error?: string;
}

export interface Entry {
  readonly name: string;
  readonly recipe: string;
  /** Whether this is the contestant's fastest recipe; the other entry it may have is what users write first. */
  readonly best: boolean;
  readonly seconds: Summary;
  readonly samplesPerSecond: number;
  /** How many times faster the first contestant is, round by round. */
  readonly ratio?: Summary;
}

export interface Outcome {
  readonly case: Case;
  /** Operations of the best known formula for the whole batch, and the peak of one thread in the same rounds. */
  readonly flops: { readonly matmul: number; readonly contraction: number };
  readonly peak: { readonly flops: number; readonly isa: string };
  /** nabla's operations per second as a share of the threads' peak: products with the weights only, and all. */
  readonly share: { readonly matmul: number; readonly all: number };
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

interface Runner {
  readonly contestant: Contestant;
  readonly recipe: string;
  readonly best: boolean;
  readonly times: number[];
}

/** Compiles and checks the recipes of one contestant. The reference is the first result that comes in: nabla's. */
async function tryRecipes(
  contestant: Contestant,
  c: Case,
  problem: () => Problem,
  reference: { file?: string },
  budget: Budget,
  progress: (text: string) => void,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const { recipes } = await contestant.ask<Recipes>({ op: 'recipes', case: c }, budget.timeout);
  for (const recipe of recipes) {
    progress(`${contestant.name}: ${recipe}`);
    const p = problem();
    try {
      const prepared = await contestant.ask<Prepared>({ op: 'prepare', recipe, problem: p }, budget.timeout);
      const wrong = reference.file && disagreement(c, p.rows, p.resultFile, reference.file);
      reference.file ??= p.resultFile;
      candidates.push(wrong ? { recipe, error: wrong } : { recipe, ...pick(prepared) });
    } catch (error) {
      candidates.push({ recipe, error: (error as Error).message });
      if (contestant.gone) break;
    }
  }
  return candidates;
}

const pick = ({ seconds, firstSeconds }: Prepared) => ({ seconds, firstSeconds });

export async function measure(
  c: Case,
  contestants: readonly Contestant[],
  data: DataFolder,
  budget: Budget,
  progress: (text: string) => void,
): Promise<Outcome> {
  const candidates: Record<string, Candidate[]> = {};
  const reference: { file?: string } = {};
  const runners: Runner[] = [];
  for (const contestant of contestants) {
    const tried = await tryRecipes(contestant, c, () => data.problem(c), reference, budget, progress).catch(
      (e: Error) => [{ recipe: 'any', error: e.message }],
    );
    candidates[contestant.name] = tried;
    const good = tried.filter((t): t is Required<Candidate> => 'seconds' in t && t.seconds !== undefined);
    if (good.length === 0 || contestant.gone) continue;
    const best = good.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    for (const { recipe } of good) {
      if (recipe === best.recipe) runners.push({ contestant, recipe, best: true, times: [] });
      else if (recipe === plainRecipe) runners.push({ contestant, recipe, best: false, times: [] });
    }
  }
  const first = contestants[0]!;
  const peaks: Peak[] = [];
  for (let round = 0; round < budget.rounds; round++) {
    progress(`round ${round + 1} of ${budget.rounds}`);
    peaks.push(await first.ask<Peak>({ op: 'peak', dtype: c.dtype, isa: null }, 60));
    for (const { contestant, recipe, times } of runners) {
      if (contestant.gone) continue;
      const timed = await contestant.ask<Timed>({ op: 'time', recipe, seconds: budget.seconds }, 10 * budget.timeout);
      times.push(timed.seconds);
      // Worker threads of the last one spin for a moment before they sleep.
      await sleep(10);
    }
  }
  for (const contestant of contestants) if (!contestant.gone) await contestant.ask({ op: 'drop' }, 60);

  const perSample = work(c);
  const flops = { matmul: perSample.matmul * c.N, contraction: perSample.contraction * c.N };
  const ours = runners[0]!.times;
  const seconds = summarize(ours).median;
  const peak = { flops: Math.max(...peaks.map((p) => p.flops)), isa: peaks[0]!.isa };
  const share = (n: number): number => n / seconds / (peak.flops * c.threads);
  return {
    case: c,
    flops,
    peak,
    share: { matmul: share(flops.matmul), all: share(flops.matmul + flops.contraction) },
    entries: runners.map(({ contestant, recipe, best, times }, i) => {
      const own = summarize(times);
      return {
        name: contestant.name,
        recipe,
        best,
        seconds: own,
        samplesPerSecond: c.N / own.median,
        ...(i === 0 ? {} : { ratio: summarize(times.map((t, round) => t / ours[round]!)) }),
      };
    }),
    candidates,
  };
}
