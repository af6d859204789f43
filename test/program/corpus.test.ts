import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cases } from '../exec/cases.js';

// The fuzzer starts from these programs. After a change of the format or of the cases:
// NABLA_UPDATE_CORPUS=1 npx vitest run test/program/corpus.test.ts
const folder = fileURLToPath(new URL('../../native/fuzz/corpus/', import.meta.url));
const update = process.env.NABLA_UPDATE_CORPUS === '1';

const seeds = Object.entries(cases).flatMap(([name, make]) =>
  (['float32', 'float64'] as const).map((dtype) => ({ file: `${name}-${dtype}.bin`, words: make(dtype, 19).words })),
);

describe('the seeds of the fuzzer', () => {
  it.each(seeds)('$file is up to date', ({ file, words }) => {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    if (update) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(folder + file, bytes);
    }
    expect(existsSync(folder + file), 'run with NABLA_UPDATE_CORPUS=1').toBe(true);
    expect(Buffer.compare(readFileSync(folder + file), bytes), 'run with NABLA_UPDATE_CORPUS=1').toBe(0);
  });
});
