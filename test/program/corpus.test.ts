import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { grad, hessian, jacfwd, laplacian, nn, numpy as np, random, valueAndGrad, vmap } from 'nabla';
import { describe, expect, it, vi } from 'vitest';
import { getNative } from '../../lib/runtime/native.js';
import { createProgram } from '../../lib/runtime/program.js';
import { cases } from '../exec/cases.js';

// The fuzzer starts from these programs. After a change of the format or of the cases:
// NABLA_UPDATE_CORPUS=1 npx vitest run test/program/corpus.test.ts
const folder = fileURLToPath(new URL('../../native/fuzz/corpus/', import.meta.url));
const update = process.env.NABLA_UPDATE_CORPUS === '1';

const bytesOf = (words: Float64Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

function save(file: string, words: Float64Array): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + file, bytesOf(words));
}

const seeds = Object.entries(cases).flatMap(([name, make]) =>
  (['float32', 'float64'] as const).map((dtype) => ({ file: `${name}-${dtype}.bin`, words: make(dtype, 19).words })),
);

describe('the seeds of the fuzzer', () => {
  it.each(seeds)('$file is up to date', ({ file, words }) => {
    if (update) save(file, words);
    expect(existsSync(folder + file), 'run with NABLA_UPDATE_CORPUS=1').toBe(true);
    expect(Buffer.compare(readFileSync(folder + file), bytesOf(words)), 'run with NABLA_UPDATE_CORPUS=1').toBe(0);
  });

  // Programs of the compiler. They change with every improvement of it, so that being accepted is all that is asked of them.
  it.runIf(update).each(['float32', 'float64'] as const)('%s programs of transforms are written', (dtype) => {
    const model = new nn.MLP({ features: [5, 4, 1], dtype });
    const X = random.uniform(random.PRNGKey(1), [19, 3], { dtype });
    const params = model.init(random.PRNGKey(0), X);
    const u = (p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x));
    const created = vi.spyOn(getNative(), 'createProgram');
    const programs: Record<string, () => unknown> = {
      value: () => vmap(u, [null, 0])(params, X),
      gradient: () => vmap(grad(u, { argnums: 1 }), [null, 0])(params, X),
      hessian: () => vmap(hessian(u, { argnums: 1 }), [null, 0])(params, X),
      third: () => vmap(jacfwd(hessian(u, { argnums: 1 }), { argnums: 1 }), [null, 0])(params, X),
      training: () => {
        const residual = (p: nn.Params, x: np.Array) => laplacian((y: np.Array) => u(p, y))(x).sub(np.sum(np.sin(x)));
        const loss = (p: nn.Params, x: np.Array) => np.mean(np.square(vmap(residual, [null, 0])(p, x)));
        return valueAndGrad(loss)(params, X);
      },
    };
    for (const [name, run] of Object.entries(programs)) {
      created.mockClear();
      run();
      const words = created.mock.calls.at(-1)?.[0];
      expect(words, name).toBeDefined();
      save(`compiled-${name}-${dtype}.bin`, words!);
    }
    created.mockRestore();
  });

  it('are all accepted', () => {
    const files = readdirSync(folder);
    expect(files.filter((file) => file.startsWith('compiled-')).length).toBeGreaterThan(0);
    for (const file of files) {
      const bytes = readFileSync(folder + file);
      const words = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      expect(() => createProgram(words), file).not.toThrow();
    }
  });
});
