// nabla as a contestant: the program a user would write, jitted, called synchronously.
import { info, numpy as np, tree } from 'nabla';
import type { Case } from '../cases.js';
import { functionOf, paramsTree } from '../programs.js';
import { fmaPeak } from '../yardstick.js';
import { type Data, type Floats, type Library, type Prepared, serve } from './serve.js';
import { burstSeconds } from './timing.js';

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
    burst: () => fmaPeak(info().isa, c.dtype, c.threads, 1000 * burstSeconds),
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
