import { NablaError } from 'nabla';
import { expect } from 'vitest';

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** The NablaError a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<NablaError> {
  const error = await promise.then(
    () => new Error('the promise was fulfilled'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NablaError);
  return error as NablaError;
}
