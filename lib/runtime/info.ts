import { getNative, type NativeInfo } from './native.js';

/** What nabla found on this machine, and what it uses. */
export interface Info {
  /** Version of nabla. */
  readonly version: string;
  /** The instruction set in use. `NABLA_ISA` overrides it with another of `isas`. */
  readonly isa: string;
  /** Instruction sets this machine can run, best first. */
  readonly isas: readonly string[];
  /** Threads a call uses unless it is told otherwise. `NABLA_NUM_THREADS` overrides it. */
  readonly threads: number;
  /** Bytes of the data caches; 0 where the system does not say. */
  readonly caches: Readonly<NativeInfo['caches']>;
}

/**
 * What the machine offers and what nabla uses of it.
 * @throws ERR_NABLA_OPTION if `NABLA_ISA` or `NABLA_NUM_THREADS` has a value nabla does not accept.
 */
export function info(): Info {
  const { version, isa, isas, defaultThreads, caches } = getNative().info();
  return { version, isa, isas, threads: defaultThreads, caches };
}
