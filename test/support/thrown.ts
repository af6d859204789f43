import { NablaError } from '../../lib/runtime/errors.js';

/** The NablaError that `f` throws; anything else, or nothing, fails the test. */
export function thrown(f: () => unknown): NablaError {
  try {
    f();
  } catch (error) {
    if (error instanceof NablaError) return error;
    throw error;
  }
  throw new Error('expected a NablaError but nothing was thrown');
}
