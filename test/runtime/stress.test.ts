import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { addon } from './machine.js';
import { scaling } from './programs.js';

const fixture = fileURLToPath(new URL('fixtures/stress.mjs', import.meta.url));
// A minute (`NABLA_STRESS_SECONDS=60`) is what docs/reliability.md reports; the suite has less time.
const seconds = Number(process.env.NABLA_STRESS_SECONDS ?? 2);

describe('64 calls at a time in each of 16 workers', () => {
  it('lose nothing and get nothing wrong', { timeout: 1000 * (60 + 10 * seconds) }, async () => {
    const length = 1_000;
    const task = { addon, words: Array.from(scaling(length, 2)), length, workers: 16, calls: 64, seconds };
    const { stdout } = await promisify(execFile)(process.execPath, [fixture, JSON.stringify(task)]);
    const { done, aborted, wrong } = JSON.parse(stdout) as Record<string, number>;
    if (seconds > 2) console.log(`${seconds} s: ${stdout.trim()}`);
    expect(wrong).toBe(0);
    expect(done).toBeGreaterThan(16 * 64);
    expect(aborted).toBeGreaterThan(0);
  });
});
