import { describe, expect, test } from 'vitest';
import { type Case, caseName, work } from '../../bench/cases.js';
import { derived, flatnessName, gainName } from '../../bench/derived.js';
import { casesOf, type Goal, goals } from '../../bench/goals.js';
import type { Outcome } from '../../bench/measure.js';
import { seed } from '../../bench/networks.js';
import { drawRatios } from '../../bench/ratio-plot.js';
import { selections } from '../../bench/selections.js';
import { summarize } from '../../bench/statistics.js';
import { verdictMarkdown, verdicts, verdictTable } from '../../bench/verdicts.js';

const once = (value: number) => summarize([value]);
const hessian: Case = { quantity: 'hessian', ...seed, N: 65_536, dtype: 'float32', threads: 2 };

interface Made {
  readonly seconds?: number;
  readonly share?: number;
  readonly all?: number;
  /** Name, recipe, whether it is the best, how many times slower. */
  readonly peers?: readonly (readonly [string, string, boolean, number])[];
}

function outcome(c: Case, { seconds = 1, share = 0.5, all = 0.6, peers = [] }: Made): Outcome {
  const entry = { seconds: once(seconds), samplesPerSecond: c.N / seconds };
  return {
    case: c,
    flops: { matmul: work(c).matmul * c.N, contraction: work(c).contraction * c.N },
    peak: { flops: once(1e11), quiet: 1e11 },
    share: { matmul: once(share), all: once(all) },
    entries: [
      { name: 'nabla', recipe: 'jit', best: true, whole: true, ...entry },
      ...peers.map(([name, recipe, best, ratio]) => {
        return { name, recipe, best, whole: recipe.endsWith('whole'), ...entry, ratio: once(ratio) };
      }),
    ],
    candidates: {},
  };
}

const goal = (figure: Goal['figure'], value: number, more: Partial<Goal> = {}): Goal => ({
  what: 'it',
  figure,
  bound: 'at least',
  value,
  unit: '×',
  ...more,
});

describe('verdicts', () => {
  const peers = [
    ['jax', 'plain', false, 9],
    ['jax', 'linearize', true, 4],
    ['jax', 'better, whole', false, 5],
    ['torch', 'plain', true, 6],
  ] as const;
  const measured = [outcome(hessian, { seconds: 12e-6, share: 0.59, all: 0.61, peers })];
  const judge = (one: Goal) => verdicts([one], measured, [])[0];
  const ratio = (names: readonly string[], recipe: 'best' | 'whole' | 'plain', value: number) =>
    judge(goal({ kind: 'ratio', of: hessian, peers: names, recipe }, value));

  test('a share counts the products JᵀdJ only where the goal says so', () => {
    const share = (operations: 'matmul' | 'all') => judge(goal({ kind: 'share', of: hessian, operations }, 0.6));
    expect(share('matmul')).toMatchObject({ measured: 0.59, reached: false });
    expect(share('all')).toMatchObject({ measured: 0.61, reached: true });
  });

  test('a ratio is that to the fastest of the peers, with the recipe the goal names', () => {
    expect(ratio(['jax'], 'best', 4)).toMatchObject({ measured: 4, reached: true });
    expect(ratio(['jax'], 'plain', 9.1)).toMatchObject({ measured: 9, reached: false });
    expect(ratio(['jax'], 'whole', 5)).toMatchObject({ measured: 5, reached: true });
    expect(ratio(['torch', 'jax'], 'best', 5)).toMatchObject({ measured: 4, reached: false });
  });

  test('the best recipe may be the plain one', () => {
    expect(ratio(['torch'], 'best', 6)).toMatchObject({ measured: 6 });
    expect(ratio(['torch'], 'plain', 6)).toMatchObject({ measured: 6 });
  });

  test('nothing is said against a peer that was not there, nor of a case that was not measured', () => {
    expect(ratio(['jax', 'tfjs'], 'best', 1)).not.toHaveProperty('reached');
    const other = { ...hessian, N: 1 };
    expect(judge(goal({ kind: 'call', of: other }, 1))).not.toHaveProperty('measured');
  });

  test('a call, and a probe of nabla, at most', () => {
    const most = { bound: 'at most', unit: 'µs' } as const;
    expect(judge(goal({ kind: 'call', of: hessian }, 12e-6, most))).toMatchObject({ measured: 12e-6, reached: true });
    expect(judge(goal({ kind: 'call', of: hessian }, 11e-6, most))).toMatchObject({ reached: false });
    const start = goal({ kind: 'probe', probe: 'start', from: [] }, 120, most);
    const probe = (by: string, value: number) => ({ name: 'start', by, value, unit: 'ms' });
    expect(verdicts([start], [], [probe('jax', 900), probe('nabla', 121)])[0]).toMatchObject({
      measured: 121,
      reached: false,
    });
  });

  test('tables name what was measured and count the rest', () => {
    const share: Goal = goal({ kind: 'share', of: hessian, operations: 'all' }, 0.6, { unit: '%' });
    const missing = goal({ kind: 'call', of: { ...hessian, N: 1 } }, 1);
    const all = verdicts([share, missing], measured, []);
    const what = 'Hessians, 3-20x5-1, float32, 2 threads, N = 65,536: it';
    expect(verdictTable(all)).toContain(`${what}      61 %   ≥ 60 %  yes\n`);
    expect(verdictTable(all)).toContain('1 of 2 goals reached, 0 not, 1 not measured');
    expect(verdictMarkdown(all)).toContain(`| ${what} | 61 % | ≥ 60 % | yes |\n\n1 of 2`);
  });
});

describe('the goals', () => {
  test('their selection holds every case they are about, those without a comparison alone', () => {
    const selected = new Map(selections.goals!(2).map((c) => [caseName(c), c]));
    for (const one of goals(2)) {
      for (const c of casesOf(one)) {
        expect(selected.has(caseName(c)), caseName(c)).toBe(true);
        if (one.figure.kind === 'ratio') expect(selected.get(caseName(c))?.alone).toBeUndefined();
      }
    }
    expect(selected.get('hessian 3-20x5-1 N=65536 float32 2 threads')?.alone).toBeUndefined();
    expect(selected.get('hessian 3-20x5-1 N=65536 float32 1 thread')?.alone).toBe(true);
    expect(selected.get('hessian 128-128x4-1 N=2048 float64 1 thread')?.alone).toBe(true);
  });

  test('what is derived from several cases has the names they ask for', () => {
    const sizes = [4096, 65_536, 1_000_000];
    const outcomes = sizes.flatMap((N) => [1, 2].map((threads) => outcome({ ...hessian, N, threads }, {})));
    const names = new Set(derived(outcomes).map(({ name }) => name));
    const wanted = goals(2).flatMap(({ figure }) =>
      figure.kind === 'probe' && figure.from[0]?.dtype === 'float32' ? [figure.probe] : [],
    );
    expect(wanted).toHaveLength(3);
    for (const name of wanted) expect(names).toContain(name);
  });
});

test('threads and batches are compared by the clock, and by the yardstick without the neighbour who slowed one of them down', () => {
  // The machine gave two threads three quarters of what one thread got from it, each.
  const one = outcome({ ...hessian, threads: 1 }, { seconds: 2, share: 0.6 });
  const two = outcome(hessian, { seconds: 2 / 1.5, share: 0.6 });
  const short = outcome({ ...hessian, N: 4096 }, { seconds: (1.2 * 4096) / 65_536, share: 0.5 });
  const found = new Map(derived([one, two, short]).map(({ name, value }) => [name, value]));
  expect(found.get(gainName(hessian, 'clock'))).toBeCloseTo(1.5, 9);
  expect(found.get(gainName(hessian, 'yardstick'))).toBeCloseTo(2, 9);
  expect(found.get(flatnessName(hessian, 'clock'))).toBeCloseTo(2 / 1.5 / 1.2, 9);
  expect(found.get(flatnessName(hessian, 'yardstick'))).toBeCloseTo(1.2, 9);
});

test('the plot of ratios has a row per compared case and a dot per entry of a peer', () => {
  const alone = outcome({ ...hessian, N: 1 }, {});
  const peers = [
    ['jax', 'plain', false, 9],
    ['jax', 'linearize', true, 4],
    ['torch', 'plain', true, 0.5],
  ] as const;
  const svg = drawRatios([alone, outcome(hessian, { peers })], 'title') ?? '';
  expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  expect(svg.match(/<circle /g)).toHaveLength(3);
  expect(svg.match(/<circle [^>]*fill="none"/g)).toHaveLength(1);
  expect(svg).toContain('Hessians, 3-20x5-1, float32, 2 threads, N = 65,536');
  expect(svg).not.toContain('N = 1<');
  expect(svg).not.toContain('NaN');
  expect(drawRatios([alone], 'title')).toBeUndefined();
});
