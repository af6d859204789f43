// What several cases say together: the gain of threads, whether the time of a sample depends on the batch. By the clock, and by
// the yardstick: times the peak of the moment, which takes out that a shared machine was slower for one case than for another.
import { type Case, caseName, networkName } from './cases.js';
import type { Outcome } from './measure.js';
import type { ProbeResult } from './probes/probe.js';

export type By = 'clock' | 'yardstick';

const prefix = 'from the cases: ';
const flatFrom = 4096;
const label = ({ quantity, dtype, ...network }: Case): string => `${quantity} ${networkName(network)} ${dtype}`;

export const isDerived = ({ name }: ProbeResult): boolean => name.startsWith(prefix);

export const gainName = (c: Case, by: By): string =>
  `${prefix}${c.threads} threads against 1, ${label(c)} N=${c.N}, by the ${by}`;

export const flatnessName = (c: Case, by: By): string =>
  `${prefix}slowest / fastest sample, ${label(c)} ${c.threads} thr, N ≥ ${flatFrom}, by the ${by}`;

/** What a sample takes: seconds, or the operations one thread could have done in them at the peak of the moment. */
const costs: Readonly<Record<By, (outcome: Outcome) => number>> = {
  clock: ({ case: c, entries }) => entries[0]!.seconds.median / c.N,
  yardstick: ({ case: c, flops, share }) => flops.matmul / share.matmul.median / c.threads / c.N,
};

export function derived(outcomes: readonly Outcome[]): ProbeResult[] {
  const results: ProbeResult[] = [];
  const add = (name: string, value: number) => results.push({ name, by: 'nabla', value, unit: '×' });
  const both = Object.entries(costs) as [By, (outcome: Outcome) => number][];
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { case: c } = outcome;
    const one = outcomes.find(({ case: other }) => caseName(other) === caseName({ ...c, threads: 1 }));
    if (one && c.threads > 1) for (const [by, cost] of both) add(gainName(c, by), cost(one) / cost(outcome));
    if (c.N >= flatFrom) {
      const key = `${label(c)} ${c.threads}`;
      groups.set(key, [...(groups.get(key) ?? []), outcome]);
    }
  }
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    for (const [by, cost] of both) {
      const all = group.map(cost);
      add(flatnessName(group[0]!.case, by), Math.max(...all) / Math.min(...all));
    }
  }
  return results;
}
