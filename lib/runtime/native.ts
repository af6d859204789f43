import { createRequire } from 'node:module';
import { NablaError } from './errors.js';

/** What nabla.node exports. Everything that crosses this boundary is checked again on the other side. */
export interface Native {
  info(): NativeInfo;
}

export interface NativeInfo {
  version: string;
  hardwareThreads: number;
  caches: { l1d: number; l2: number; l3: number };
}

const require = createRequire(import.meta.url);

// Bundlers and packagers find native files by reading `require` calls, so every path below is a literal.
function load(): Native {
  const failures: string[] = [];
  const attempt = (what: string, f: () => unknown): Native | undefined => {
    try {
      return f() as Native;
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      return undefined;
    }
  };
  return (
    attempt('build/Release/nabla.node (sources)', () => require('../../build/Release/nabla.node')) ??
    attempt('build/Release/nabla.node (compiled)', () => require('../../../build/Release/nabla.node')) ??
    missing(failures)
  );
}

function missing(failures: string[]): never {
  throw new NablaError(
    'ERR_NABLA_NATIVE_MISSING',
    `nabla's native addon could not be loaded:\n  ${failures.join('\n  ')}`,
  );
}

let native: Native | undefined;

/** The native addon, loaded at first use. */
export function getNative(): Native {
  native ??= load();
  return native;
}
