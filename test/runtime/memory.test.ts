import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { NativeCounters } from '../../lib/runtime/native.js';
import { scaling } from './programs.js';

const fixture = fileURLToPath(new URL('fixtures/memory.mjs', import.meta.url));
const addon = resolve(process.env.NABLA_BUILD ?? 'build/Release', 'nabla.node');
// Sanitizers keep freed memory in quarantine on purpose.
const sanitized = /build\/(address|undefined|thread)/.test(addon);

async function grow(task: object): Promise<NativeCounters & { grown: number }> {
  const words = Array.from(scaling(64, Math.PI));
  const argument = { addon, words, constant: words.indexOf(Math.PI), length: 64, ...task };
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fixture, JSON.stringify(argument)]);
  return JSON.parse(stdout);
}

describe('programs made, run and dropped', () => {
  it.each([[{ cycles: sanitized ? 5_000 : 100_000 }], [{ cycles: sanitized ? 1_000 : 20_000, async: true }]])(
    'leave the size of the process flat: %j',
    async (task) => {
      const { grown, programsCreated, programsAlive, runs } = await grow(task);
      expect(programsCreated).toBe(task.cycles);
      expect(runs).toBe(task.cycles);
      // The last one or two may still be held by a register or a stack slot.
      expect(programsAlive).toBeLessThan(10);
      // A leak of 120 bytes a cycle would be more; what the heap of V8 breathes is less.
      if (!sanitized) expect(grown).toBeLessThan(8 * 2 ** 20);
    },
  );
});
