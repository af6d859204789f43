import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { disagreement } from '../../bench/agreement.js';
import { type Case, caseName, parameterCount, work } from '../../bench/cases.js';
import { goals } from '../../bench/goals.js';
import { entriesOf } from '../../bench/measure.js';
import { seed } from '../../bench/networks.js';
import { readResults } from '../../bench/results.js';
import { selections } from '../../bench/selections.js';
import { summarize } from '../../bench/statistics.js';

const root = join(import.meta.dirname, '../..');
const out = mkdtempSync(join(tmpdir(), 'nabla-bench-test-'));
const hessian: Case = { quantity: 'hessian', ...seed, N: 32, dtype: 'float32', threads: 1 };

/** `npm run bench` without the build, which beforeAll has done. */
function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/bench/main.js', '--out', out, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  // What a sanitizer preloads is meant for nabla, not for the compiler.
  const env = { ...process.env, LD_PRELOAD: '' };
  const { status } = spawnSync(process.execPath, ['scripts/setup.mjs', '--dist'], { cwd: root, env, stdio: 'inherit' });
  expect(status).toBe(0);
}, 300_000);

afterAll(() => rmSync(out, { recursive: true }));

describe('the smallest case, end to end', () => {
  test('prints a row and leaves all that belongs to it in a file', () => {
    const { status, stdout, stderr } = bench('--case', 'smallest', '--no-probes', '--seconds', '0.01', '--rounds', '2');
    expect(stderr).toContain(caseName(hessian));
    expect(stdout).toContain(caseName(hessian));
    expect(status).toBe(0);
    const results = readResults(join(out, 'nabla-smallest.json'));
    expect(results.command).toMatch(/^npm run bench -- .*--case smallest/);
    expect(results.machine.processors).toBeGreaterThan(0);
    expect(results.participants).toEqual([
      { name: 'nabla', versions: expect.objectContaining({ node: process.version }) },
    ]);
    expect(results.outcomes).toHaveLength(1);
    const [outcome] = results.outcomes;
    expect(outcome?.case).toEqual(hessian);
    expect(outcome?.peak.flops.median).toBeGreaterThan(1e8);
    expect(outcome?.peak.quiet).toBeGreaterThanOrEqual(outcome?.peak.flops.high ?? 0);
    expect(outcome?.share.matmul.rounds).toHaveLength(2);
    const share = outcome!.share.matmul.median;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    expect(outcome!.share.all.median).toBeCloseTo((share * (2 * 5 * 1680 + 2 * 100 * 6)) / (2 * 5 * 1680), 9);
    expect(outcome?.candidates.nabla?.[0]).toMatchObject({ recipe: 'jit' });
    const [entry] = outcome?.entries ?? [];
    expect(entry).toMatchObject({ name: 'nabla', best: true });
    expect(entry?.seconds.rounds).toHaveLength(2);
    expect(entry?.samplesPerSecond).toBeCloseTo(32 / entry!.seconds.median, 0);
  }, 120_000);

  test('a peer that is missing is named, with the way to have it', () => {
    process.env.NABLA_PEERS_PYTHON = '/no/such/python';
    const { status, stderr } = bench(
      '--peers',
      'jax',
      '--case',
      'smallest',
      '--no-probes',
      '--seconds',
      '0.01',
      '--rounds',
      '1',
    );
    process.env.NABLA_PEERS_PYTHON = '';
    expect(status).toBe(0);
    expect(stderr).toContain('jax takes no part: there is no /no/such/python');
    expect(stderr).toContain('pip install -r bench/peers/requirements.txt');
    const { participants } = readResults(join(out, 'peers-smallest.json'));
    expect(participants.find(({ name }) => name === 'jax')?.reason).toContain('/no/such/python');
  }, 120_000);

  test('several batches make plots', () => {
    const { status } = bench(
      '--no-probes',
      '--seconds',
      '0.01',
      '--rounds',
      '1',
      '--filter',
      'hessian 3-20x5-1 N=(1|32) float32',
    );
    expect(status).toBe(0);
    const plots = readdirSync(out).filter((name) => name.endsWith('.svg'));
    expect(plots).toEqual(['nabla-default-throughput.svg']);
    expect(readFileSync(join(out, plots[0]!), 'utf8')).toMatch(/^<svg [\s\S]*nabla 3-20x5-1 float32[\s\S]*<\/svg>\n$/);
  }, 120_000);

  test('a run of the goals says which are reached; with more threads than one their peak is taken on all', () => {
    const cases = ['--case', 'goals', '--filter', 'hessian 3-20x5-1 N=(32|4096) float32'];
    const { status, stdout } = bench(...cases, '--threads', '2', '--seconds', '0.01', '--rounds', '1', '--no-plots');
    expect(status).toBe(0);
    expect(stdout).toMatch(/quiet peak in GFLOP\/s: float32 2 threads \d+, float32 1 thread \d+;/);
    expect(stdout).toMatch(/Hessians, 3-20x5-1, float32, 2 threads, N = 32: one call +[\d.]+ µs +≤ 15 µs +(yes|no)/);
    expect(stdout).toMatch(/\d of \d+ goals reached, \d not, \d+ not measured/);
    const { goals: found, outcomes } = readResults(join(out, 'nabla-goals.json'));
    expect(found).toHaveLength(goals(2).length);
    expect(found?.filter(({ reached }) => reached !== undefined)).toHaveLength(1);
    expect(outcomes.map(({ case: c }) => [c.N, c.threads, c.alone])).toEqual([
      [32, 2, true],
      [4096, 1, true],
      [4096, 2, true],
    ]);
  }, 120_000);

  test.each([
    [
      ['--case', 'nope'],
      "expected one of smallest, quick, default, full, readme, seed, widths, laplacian, step, goals but received 'nope'",
    ],
    [['--rounds', 'many'], "--rounds: expected a positive number but received 'many'"],
    [['--peers', 'numpy'], "but received 'numpy'"],
    [['--filter', 'nothing like this'], 'no case'],
    [['--fast'], "Unknown option '--fast'"],
  ])('wrong options are told: %j', (args, message) => {
    const { status, stderr } = bench(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('its parts', () => {
  test('operations of the seed network: d + 2 passes over 1,680 weights, and 100 products JᵀdJ of 3 × 3', () => {
    expect(work(hessian)).toEqual({ matmul: 2 * 5 * 1680, contraction: 2 * 100 * 6 });
    expect(work({ ...hessian, quantity: 'gradient' })).toEqual({ matmul: 2 * 2 * 1680, contraction: 0 });
    expect(parameterCount(hessian)).toBe(1680 + 101);
  });

  test('every selection names each case once', () => {
    for (const selection of Object.values(selections)) {
      const names = selection(2).map(caseName);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test('of the recipes that were timed the fastest counts, whatever the trial said; the plain one and the fastest whole one stay', () => {
    const entries = entriesOf(hessian, [
      { name: 'nabla', recipe: 'jit', times: [1, 2, 1] },
      { name: 'jax', recipe: 'first in the trial', times: [5, 5, 5] },
      { name: 'jax', recipe: 'plain', times: [6, 6, 9] },
      { name: 'jax', recipe: 'second in the trial', times: [4, 4, 4] },
      { name: 'torch', recipe: 'first in the trial', times: [8, 8, 8] },
      { name: 'torch', recipe: 'plain', times: [7, 7, 7] },
      { name: 'torch', recipe: 'better, chunks of 64, workers', times: [2, 2, 2] },
      { name: 'torch', recipe: 'better, compiled', times: [3, 3, 3] },
    ]);
    expect(entries.map(({ name, recipe, best, whole, ratio }) => [name, recipe, best, whole, ratio?.median])).toEqual([
      ['nabla', 'jit', true, true, undefined],
      ['jax', 'plain', false, false, 6],
      ['jax', 'second in the trial', true, true, 4],
      ['torch', 'plain', false, false, 7],
      ['torch', 'better, chunks of 64, workers', true, false, 2],
      ['torch', 'better, compiled', false, true, 3],
    ]);
  });

  test('median and quartiles', () => {
    expect(summarize([4, 1, 3, 2, 5])).toEqual({ median: 3, low: 2, high: 4, rounds: [4, 1, 3, 2, 5] });
    expect(summarize([1, 2]).median).toBe(1.5);
  });

  test('results that differ, hold a NaN or have another length do not agree', () => {
    const write = (name: string, numbers: number[]): string => {
      const file = join(out, name);
      writeFileSync(file, new Uint8Array(Float32Array.from(numbers).buffer));
      return file;
    };
    const value: Case = { ...hessian, quantity: 'value' };
    const exact = write('exact', [1, -2, 3]);
    expect(disagreement(value, 3, write('same', [1, -2, 3.0001]), exact)).toBeUndefined();
    expect(disagreement(value, 3, write('other', [1, -2, 3.01]), exact)).toBe(
      'results differ by 3.3e-3 of the largest entry',
    );
    expect(disagreement(value, 3, write('nan', [1, Number.NaN, 3]), exact)).toContain('NaN');
    expect(disagreement(value, 3, write('short', [1, -2]), exact)).toBe('the result holds 2 numbers instead of 3');
  });
});
