// A run: contestants, cases, probes; what comes of them on the terminal and in a file.
import { type Case, caseName } from './cases.js';
import { Contestant, type ContestantSpec } from './contestant.js';
import { absence, nablaSpec } from './contestants/specs.js';
import { DataFolder } from './data.js';
import { derived, isDerived } from './derived.js';
import type { Goal } from './goals.js';
import { machine, revision } from './machine.js';
import { type Budget, measure, type Outcome } from './measure.js';
import { type ProbeResult, probeLine } from './probes/probe.js';
import { Progress } from './progress.js';
import { peaksLine, quietPeaks, tableHead, tableRows } from './report.js';
import type { Participant, Results } from './results.js';
import { verdicts } from './verdicts.js';

export interface Plan {
  readonly command: string;
  readonly cases: readonly Case[];
  readonly peers: readonly ContestantSpec[];
  readonly budget: Budget;
  /** Measurements after the cases. */
  readonly probes: readonly { readonly name: string; run(): Promise<ProbeResult[]> }[];
  /** What the figures are held against. */
  readonly goals: readonly Goal[];
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
export async function run({ command, cases, peers, budget, probes, goals }: Plan): Promise<Results> {
  const about = machine();
  const date = new Date().toISOString();
  const { cpu, processors, memoryGiB, loadBefore, peaks } = about;
  console.log(`${cpu}, ${processors} processors, ${memoryGiB} GiB; load ${loadBefore.toFixed(1)} before the run`);
  console.log(peaksLine(peaks));
  const field = new Field();
  const data = new DataFolder();
  const outcomes: Outcome[] = [];
  const failures: { case: Case; error: string }[] = [];
  const found: ProbeResult[] = [];
  const progress = new Progress(cases.length + probes.length);
  // A long run that is interrupted ends with the case under way and keeps what it has; the second time it just ends.
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
  });
  try {
    for (const c of cases) {
      if (interrupted) break;
      progress.case(caseName(c));
      const contestants: Contestant[] = [];
      for (const spec of [nablaSpec, ...(c.alone ? [] : peers)]) {
        const contestant = await field.get(spec, c.threads);
        if (contestant) contestants.push(contestant);
        else if (spec === nablaSpec) throw new Error(`nabla could not be started. To have it: ${spec.hint}`);
      }
      const outcome = await measure(c, contestants, data, budget, progress.step).catch((error: Error) => error);
      progress.done();
      if (outcome instanceof Error) {
        // Hours of other cases are not lost for one.
        process.stderr.write(`${caseName(c)}: ${outcome.message}\n`);
        failures.push({ case: c, error: outcome.message });
        continue;
      }
      if (outcomes.length === 0) console.log(tableHead());
      console.log(tableRows(outcome));
      outcomes.push(outcome);
    }
    if (outcomes.length > 0) console.log(quietPeaks(outcomes));
    field.stop();
    for (const probe of interrupted ? [] : probes) {
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
  found.push(...derived(outcomes));
  for (const result of found.filter(isDerived)) console.log(probeLine(result));
  return {
    format: 'nabla-bench',
    version: 4,
    command,
    date,
    revision: revision(),
    machine: about,
    participants: [...field.participants.values()],
    outcomes,
    failures,
    probes: found,
    ...(goals.length > 0 ? { goals: verdicts(goals, outcomes, found) } : {}),
  };
}
