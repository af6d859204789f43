import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { NativeCounters } from '../../lib/runtime/native.js';
import { addon, instrumented } from './machine.js';
import { scaling } from './programs.js';

const fixture = fileURLToPath(new URL('fixtures/memory.mjs', import.meta.url));
async function grow(task: object): Promise<NativeCounters & { grown: number }> {
  const words = Array.from(scaling(64, Math.PI));
  const argument = { addon, words, constant: words.indexOf(Math.PI), length: 64, ...task };
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fixture, JSON.stringify(argument)]);
  return JSON.parse(stdout);
}

describe('results that are garbage', () => {
  // glibc's own limits are what is moved; a sanitizer has an allocator of its own.
  const glibc = (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header
    ?.glibcVersionRuntime;
  it.skipIf(glibc === undefined || instrumented)('leave their memory to the next ones', async () => {
    const results = 8;
    const length = 700_000;
    const fixture = fileURLToPath(new URL('fixtures/results.mjs', import.meta.url));
    const argument = { addon, words: Array.from(scaling(length, 3)), length, results };
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fixture, JSON.stringify(argument)]);
    const pages = (results * length * 4) / 4096;
    expect(Number(stdout)).toBeLessThan(pages / 4);
  });
});

describe('programs made, run and dropped', () => {
  it.each([[{ cycles: instrumented ? 5_000 : 400_000 }], [{ cycles: instrumented ? 1_000 : 60_000, async: true }]])(
    'leave the size of the process flat: %j',
    async (task) => {
      const { grown, programsCreated, programsAlive, runs } = await grow(task);
      expect(programsCreated).toBe(task.cycles);
      expect(runs).toBe(task.cycles);
      // The last one or two may still be held by a register or a stack slot.
      expect(programsAlive).toBeLessThan(10);
      // (Sanitizers keep freed memory in quarantine on purpose.) A leak of 24 bytes a cycle would be more; what the heap of V8 breathes is less.
      if (!instrumented) expect(grown).toBeLessThan(8 * 2 ** 20);
    },
  );
});
