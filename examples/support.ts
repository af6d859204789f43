// What the examples share: who runs them, grids, errors.

import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { numpy as np } from 'nabla';

/** True in the module that was started from the command line. */
export const isMain = (url: string): boolean => argv[1] !== undefined && url === pathToFileURL(argv[1]).href;

/** The points of a grid over a box, the last axis fastest: [∏ counts, d], float64. */
export function grid(low: readonly number[], high: readonly number[], counts: readonly number[]): np.Array {
  const axes = counts.map((n, i) => np.linspace(low[i]!, high[i]!, n, { dtype: 'float64' }));
  const columns = np.meshgrid(axes, { indexing: 'ij' }).map((x) => np.ravel(x));
  return np.stack(columns, -1);
}

/** |a − b| / |b| in the Euclidean norm. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}
