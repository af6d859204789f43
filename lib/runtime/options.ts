import { describe } from './describe.js';
import { NablaError } from './errors.js';

/**
 * Refuses options that do not exist here, so that a misspelt or foreign one is never ignored silently.
 *
 * @param given the options object a user passed; undefined passes
 * @param known the options there are
 * @param what the function they belong to, for the message
 * @throws ERR_NABLA_OPTION if `given` is no object, or has a key that is not known; the message says what the option is
 *   called here (`has_aux` → `hasAux`).
 */
export function checkOptions(given: unknown, known: readonly string[], what: string): void {
  if (given === undefined) return;
  const list = known.length > 0 ? `{ ${known.join(', ')} }` : 'no options';
  const prototype: unknown = typeof given === 'object' && given !== null ? Object.getPrototypeOf(given) : undefined;
  // One step below the end of the chain is an object literal, of whatever realm.
  if (prototype === undefined || (prototype !== null && Object.getPrototypeOf(prototype) !== null)) {
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `${what}: expected an options object ${list} but received ${describe(given)}`,
      {
        operation: what,
        given,
        known,
      },
    );
  }
  for (const key of Object.keys(given as object)) {
    if (known.includes(key)) continue;
    const meant = closest(key, known);
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `${what} has no option '${key}'; ${meant === undefined ? `it takes ${list}` : `it is called ${meant} here`}`,
      { operation: what, option: key, ...(meant === undefined ? {} : { suggestion: meant }), known },
    );
  }
}

/** The known name that `key` spells in another style or with up to two letters wrong. */
function closest(key: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.replaceAll(/[^\p{L}\p{N}]/gu, '').toLowerCase();
  const wanted = plain(key);
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wanted, plain(name), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance; lengths that differ by `limit` or more are not looked at. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
