import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { info } from '../../lib/runtime/info.js';
import { createProgram } from '../../lib/runtime/program.js';
import { thrown } from '../support/thrown.js';

// The module remembers what it loaded, so every test gets a new copy of it. The addon itself is loaded once per process: what it
// read from the environment then stays, which is why only refusals are tested here (lifecycle.test.ts has processes of its own).
beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllEnvs());

async function freshFailure() {
  const { getNative } = await import('../../lib/runtime/native.js');
  const { NablaError } = await import('../../lib/runtime/errors.js');
  try {
    getNative();
  } catch (error) {
    expect(error).toBeInstanceOf(NablaError);
    return error as InstanceType<typeof NablaError>;
  }
  throw new Error('the addon was loaded');
}

describe('info', () => {
  it('says what the machine has and what is used of it', () => {
    const { version, isa, isas, threads, caches } = info();
    expect(version).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
    expect(isas).toContain(isa);
    expect(isas.at(-1)).toBe('scalar');
    expect(threads).toBe(Number(process.env.NABLA_NUM_THREADS) || availableParallelism());
    for (const bytes of Object.values(caches)) expect(bytes).toBeGreaterThanOrEqual(0);
  });
});

describe('the environment', () => {
  it.each(['sse9', 'AVX2', 'avx512 ', '../scalar'])("refuses NABLA_ISA='%s', naming those there are", async (isa) => {
    vi.stubEnv('NABLA_ISA', isa);
    const error = await freshFailure();
    expect(error.code).toBe('ERR_NABLA_OPTION');
    expect(error.message).toBe(
      `expected one of ${info().isas.join(', ')} for NABLA_ISA on this machine but received '${isa}'`,
    );
  });

  it.each(['0', '-1', '1.5', 'two', '1e3', '1000', ' '])("refuses NABLA_NUM_THREADS='%s'", async (threads) => {
    vi.stubEnv('NABLA_NUM_THREADS', threads);
    const error = await freshFailure();
    expect(error.code).toBe('ERR_NABLA_OPTION');
    expect(error.message).toContain(`for NABLA_NUM_THREADS but received '${threads}'`);
  });

  it('says what is missing in the folder NABLA_BUILD names', async () => {
    vi.stubEnv('NABLA_BUILD', '/nowhere');
    const error = await freshFailure();
    expect(error.code).toBe('ERR_NABLA_NATIVE_MISSING');
    expect(error.message).toContain('/nowhere/nabla.node');
  });
});

describe('an error of the runtime', () => {
  it('is a NablaError with a frozen list of facts', () => {
    const error = thrown(() => createProgram(new Float64Array(2)));
    expect(String(error)).toMatch(/^NablaError: /);
    expect(Object.isFrozen(error.details)).toBe(true);
    expect(Object.keys(error)).toEqual(['code', 'details']);
  });
});
