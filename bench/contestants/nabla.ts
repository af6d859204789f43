// nabla as a contestant: the program a user would write, jitted, called synchronously.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { info, numpy as np, tree } from 'nabla';
import type { Case, Float } from '../cases.js';
import { functionOf, paramsTree } from '../programs.js';
import { type Data, type Floats, type Library, type Prepared, serve } from './serve.js';
import { burstSeconds } from './timing.js';

interface TestingAddon {
  fmaPeak(isa: string, dtype: Float, threads: number, milliseconds: number): number;
}

let testing: TestingAddon | undefined;

/** The yardstick comes from the testing addon, which no user has: loaded when first asked for. */
function burst({ dtype, threads }: Case): number {
  const folder = process.env.NABLA_BUILD || fileURLToPath(new URL('../../../build/Release', import.meta.url));
  testing ??= createRequire(import.meta.url)(resolve(folder, 'nabla_testing.node')) as TestingAddon;
  return testing.fmaPeak(info().isa, dtype, threads, 1000 * burstSeconds);
}

function prepare(_recipe: string, c: Case, data: Data): Prepared {
  const f = functionOf(c);
  const inputs = {
    params: paramsTree(c, data.params),
    x: np.reshape(np.array(data.x), [c.N, c.d]),
    v: c.quantity === 'hvp' ? np.reshape(np.array(data.v), [c.N, c.d]) : np.array(data.v),
  };
  return {
    run: () => f(inputs),
    arrays: (result) => tree.leaves(result).map((a) => (a as np.Array).data as Floats),
    burst: () => burst(c),
  };
}

async function load(): Promise<Library> {
  const { version, isa, threads } = info();
  return {
    versions: { nabla: version, node: process.version, isa, threads: String(threads) },
    recipes: () => ['jit'],
    prepare,
  };
}

serve(load);
