import { availableParallelism, loadavg } from 'node:os';
import { resolve } from 'node:path';

/** The addon under test, for processes and workers that load it themselves. */
export const addon = resolve(process.env.NABLA_BUILD ?? 'build/Release', 'nabla.node');

/** Built by `.ci/sanitizers.sh` or `.ci/coverage.sh`. */
export const instrumented = /\b(address|undefined|thread|coverage)\b/.test(addon);

/**
 * Bounds in milliseconds are for a machine that has its processors for itself. With other processes in the queue every thread that
 * has to see an end waits its turn, so bounds grow with the load; instrumented code takes ten times as long and more.
 */
export const stretch = Math.max(1, (loadavg()[0] as number) / availableParallelism()) * (instrumented ? 20 : 1);
