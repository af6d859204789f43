import { type ErrorCode, NablaError } from './errors.js';

/** A failure below, as the error nabla's users see. What is not recognised is a fault of nabla and comes back unchanged. */
export function fromNative(error: unknown): unknown {
  if (error instanceof NablaError || !(error instanceof Error)) return error;
  const code: unknown = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code.startsWith('ERR_NABLA_'))
    return new NablaError(code as ErrorCode, error.message);
  // V8's own words for the two ways in which `new Float32Array(length)` fails.
  if (error instanceof RangeError) {
    if (/typed array length/i.test(error.message)) {
      return new NablaError('ERR_NABLA_TOO_LARGE', `the result is larger than an array can be: ${error.message}`);
    }
    if (/allocation failed/i.test(error.message)) {
      return new NablaError('ERR_NABLA_OUT_OF_MEMORY', `memory for the result ended: ${error.message}`);
    }
  }
  return error;
}

/** `f()`, with failures translated by {@link fromNative}. */
export function wrapped<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw fromNative(error);
  }
}
