// float32 Hessians beside float64 ones of the same numbers: what rounding does to each contestant.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Case } from '../cases.js';
import { Contestant, type ContestantSpec } from '../contestant.js';
import { nablaSpec } from '../contestants/specs.js';
import { DataFolder } from '../data.js';
import { seed } from '../networks.js';
import type { Problem } from '../protocol.js';
import { errorName, type ProbeResult } from './probe.js';

const N = 4096;
const narrow: Case = { quantity: 'hessian', ...seed, N, dtype: 'float32', threads: 1 };

const floats32 = (file: string): Float32Array => new Float32Array(new Uint8Array(readFileSync(file)).buffer);

/** The same numbers in float64. */
function widen(file: string): string {
  const wide = `${file}.wide`;
  writeFileSync(wide, new Uint8Array(Float64Array.from(floats32(file)).buffer));
  return wide;
}

/** Largest difference, as a share of the largest entry, of each contestant's plain float32 Hessians from nabla's float64 ones. */
export async function accuracy(peers: readonly ContestantSpec[]): Promise<ProbeResult[]> {
  const data = new DataFolder();
  const results: ProbeResult[] = [];
  try {
    const exactly: Problem = { ...data.problem(narrow), dtype: 'float64', rows: N };
    const { paramsFile, xFile } = exactly;
    const hessians = async (spec: ContestantSpec, recipe: string, problem: Problem): Promise<string> => {
      const contestant = await Contestant.start(spec, 1);
      try {
        await contestant.ask({ op: 'prepare', recipe, problem }, 180);
      } finally {
        contestant.stop();
      }
      return problem.resultFile;
    };
    const exactFile = await hessians(nablaSpec, 'jit', {
      ...exactly,
      paramsFile: widen(paramsFile),
      xFile: widen(xFile),
    });
    const exact = new Float64Array(new Uint8Array(readFileSync(exactFile)).buffer);
    const scale = exact.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    for (const spec of [nablaSpec, ...peers]) {
      const problem = { ...data.problem(narrow), rows: N };
      const own = floats32(await hessians(spec, spec === nablaSpec ? 'jit' : 'plain', problem));
      let [largest, squares] = [0, 0];
      for (let i = 0; i < exact.length; i++) {
        const difference = Math.abs(own[i]! - exact[i]!);
        largest = Math.max(largest, difference);
        squares += difference ** 2;
      }
      results.push({
        name: 'float32 error of Hessians, share of the largest entry',
        by: spec.name,
        value: largest / scale,
        unit: '(max)',
        details: { rms: Math.sqrt(squares / exact.length) / scale },
      });
    }
  } finally {
    data.remove();
  }
  const [ours, ...theirs] = results;
  for (const { by, details } of theirs) {
    results.push({ name: errorName(by), by: 'nabla', value: ours!.details!.rms! / details!.rms!, unit: '×' });
  }
  return results;
}
