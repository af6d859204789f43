// Parameters, points and directions of a case, in files for the contestants: Flax's initial parameters of PRNGKey(0), normal
// points, the same for both precisions up to rounding.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nn, type numpy as np, random, tree } from 'nabla';
import { type Case, networkName } from './cases.js';
import type { Problem } from './protocol.js';

/** Samples whose results are compared. */
const comparedRows = 256;

const bytesOf = (a: np.Array): Buffer => Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength);

export class DataFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nabla-bench-'));
  #results = 0;

  /** The files of a case, made if they are not there yet; every call names another result file. */
  problem(c: Case): Problem {
    const { features, d, N, dtype, quantity } = c;
    const file = (name: string, make: () => np.Array[]): string => {
      const path = join(this.#folder, `${name}-${dtype}.bin`);
      if (!existsSync(path)) writeFileSync(path, Buffer.concat(make().map(bytesOf)));
      return path;
    };
    const normal = (seed: number) => [random.normal(random.PRNGKey(seed), [N, d], { dtype })];
    return {
      ...c,
      paramsFile: file(`params-${networkName(c)}`, () => {
        const model = new nn.MLP({ features, dtype });
        return tree.leaves(
          model.init(random.PRNGKey(0), random.normal(random.PRNGKey(1), [d], { dtype })),
        ) as np.Array[];
      }),
      xFile: file(`x-${N}x${d}`, () => normal(1)),
      vFile: quantity === 'hvp' ? file(`v-${N}x${d}`, () => normal(2)) : '',
      resultFile: join(this.#folder, `result-${this.#results++}.bin`),
      rows: Math.min(N, comparedRows),
    };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
