import fc from 'fast-check';

/** `NABLA_SLOW_TESTS=1` tries 20 times as many random cases, others each time, and shrinks what fails. */
export const slow = process.env.NABLA_SLOW_TESTS === '1';

export const runs = (count: number): number => (slow ? 20 * count : count);

// Otherwise the cases are the same in every run, and a slow machine tries fewer of them.
if (!slow) fc.configureGlobal({ seed: 20261123, endOnFailure: true, interruptAfterTimeLimit: 8_000 });
