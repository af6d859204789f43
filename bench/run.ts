// A run: contestants, cases, probes; what comes of them on the terminal and in a file.
import { type Case, caseName, networkName } from './cases.js';
import { Contestant, type ContestantSpec } from './contestant.js';
import { absence, nablaSpec } from './contestants/specs.js';
import { DataFolder } from './data.js';
import { machine, revision } from './machine.js';
import { type Budget, type Measured, measure, type Outcome, shareOf } from './measure.js';
import { type ProbeResult, probeLine } from './probes/probe.js';
import { Progress } from './progress.js';
import { tableHead, tableRows } from './report.js';
import type { Participant, Results } from './results.js';

export interface Plan {
  readonly command: string;
  readonly cases: readonly Case[];
  readonly peers: readonly ContestantSpec[];
  readonly budget: Budget;
  /** Measurements after the cases. */
  readonly probes: readonly { readonly name: string; run(): Promise<ProbeResult[]> }[];
}

/** Contestants of each number of threads, started when first needed and again if they died. */
class Field {
  readonly participants = new Map<string, Participant>();
  readonly #running = new Map<string, Contestant>();

  async get(spec: ContestantSpec, threads: number): Promise<Contestant | undefined> {
    const key = `${spec.name} ${threads}`;
    const known = this.#running.get(key);
    if (known && !known.gone) return known;
    if (this.participants.get(spec.name)?.reason !== undefined) return undefined;
    try {
      const reason = absence(spec);
      if (reason !== undefined) throw new Error(reason);
      const contestant = await Contestant.start(spec, threads);
      this.#running.set(key, contestant);
      this.participants.set(spec.name, { name: spec.name, versions: contestant.hello.versions });
      return contestant;
    } catch (error) {
      const reason = (error as Error).message;
      process.stderr.write(`${spec.name} takes no part: ${reason}\n  to have it: ${spec.hint}\n`);
      this.participants.set(spec.name, { name: spec.name, reason });
      return undefined;
    }
  }

  stop(): void {
    for (const contestant of this.#running.values()) contestant.stop();
  }
}

/** Prints as it goes. @throws if nabla itself cannot take part */
export async function run({ command, cases, peers, budget, probes }: Plan): Promise<Results> {
  const about = machine();
  const date = new Date().toISOString();
  const { cpu, processors, memoryGiB, loadBefore } = about;
  console.log(`${cpu}, ${processors} processors, ${memoryGiB} GiB; load ${loadBefore.toFixed(1)} before the run`);
  const field = new Field();
  const data = new DataFolder();
  const measured: Measured[] = [];
  const found: ProbeResult[] = [];
  const progress = new Progress(cases.length + probes.length);
  try {
    for (const c of cases) {
      progress.case(caseName(c));
      const contestants: Contestant[] = [];
      for (const spec of [nablaSpec, ...peers]) {
        const contestant = await field.get(spec, c.threads);
        if (contestant) contestants.push(contestant);
        else if (spec === nablaSpec) throw new Error(`nabla could not be started. To have it: ${spec.hint}`);
      }
      measured.push(await measure(c, contestants, data, budget, progress.step));
      progress.done();
      if (measured.length === 1) console.log(tableHead());
      console.log(tableRows(withShares(measured).at(-1)!));
    }
    field.stop();
    for (const probe of probes) {
      progress.case(probe.name);
      const results = await probe.run().catch((error: Error) => {
        process.stderr.write(`${probe.name}: ${error.message}\n`);
        return [];
      });
      progress.done();
      for (const result of results) console.log(probeLine(result));
      found.push(...results);
    }
  } finally {
    field.stop();
    data.remove();
  }
  const outcomes = withShares(measured);
  found.push(...derived(outcomes));
  for (const result of found.filter(({ name }) => name.startsWith('from the cases'))) console.log(probeLine(result));
  return {
    format: 'nabla-bench',
    version: 1,
    command,
    date,
    revision: revision(),
    machine: about,
    participants: [...field.participants.values()],
    outcomes,
    probes: found,
  };
}

/** The highest peak of a precision in the whole run counts: on a busy machine one case may not see it. */
function withShares(measured: readonly Measured[]): Outcome[] {
  return measured.map((m) => {
    const peaks = measured.filter(({ case: c }) => c.dtype === m.case.dtype).map(({ peak }) => peak.flops);
    return { ...m, share: shareOf(m, Math.max(...peaks)) };
  });
}

const flatFrom = 4096;

/** What several cases say together: the gain of threads, whether the time of a sample depends on the batch. */
function derived(outcomes: readonly Outcome[]): ProbeResult[] {
  const results: ProbeResult[] = [];
  const perSample = ({ case: c, entries }: Outcome): number => entries[0]!.seconds.median / c.N;
  const label = (c: Case): string => `${c.quantity} ${networkName(c)} ${c.dtype}`;
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { case: c } = outcome;
    const one = outcomes.find(
      ({ case: other }) => caseName({ ...other, threads: 0 }) === caseName({ ...c, threads: 0 }) && other.threads === 1,
    );
    if (one && c.threads > 1) {
      results.push({
        name: `from the cases: ${c.threads} threads against 1, ${label(c)} N=${c.N}`,
        by: 'nabla',
        value: perSample(one) / perSample(outcome),
        unit: '×',
      });
    }
    if (c.N >= flatFrom) {
      const key = `${label(c)} ${c.threads} thr`;
      groups.set(key, [...(groups.get(key) ?? []), outcome]);
    }
  }
  for (const [key, group] of groups) {
    if (group.length < 2) continue;
    const all = group.map(perSample);
    results.push({
      name: `from the cases: slowest / fastest sample, ${key}, N ≥ ${flatFrom}`,
      by: 'nabla',
      value: Math.max(...all) / Math.min(...all),
      unit: '×',
    });
  }
  return results;
}
