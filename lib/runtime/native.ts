import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { NablaError } from './errors.js';

declare const programBrand: unique symbol;
declare const jobBrand: unique symbol;
/** An opaque handle; dropping it frees the program. */
export type NativeProgram = { readonly [programBrand]: true };
export type NativeJob = { readonly [jobBrand]: true };

/** What nabla.node exports. Everything that crosses this boundary is checked again on the other side. */
export interface Native {
  info(): NativeInfo;
  createProgram(words: Float64Array): NativeProgram;
  programInfo(program: NativeProgram): { samples: number; bytes: number };
  run(program: NativeProgram, inputs: readonly unknown[], outputs: readonly unknown[], threads: number): void;
  /** The same for few arrays: inputs, then outputs. */
  runArguments(program: NativeProgram, threads: number, ...arrays: readonly unknown[]): void;
  runAsync(
    program: NativeProgram,
    inputs: readonly unknown[],
    outputs: readonly unknown[],
    threads: number,
    callback: (error: Error | null) => void,
  ): NativeJob;
  progress(job: NativeJob): number;
  abort(job: NativeJob): void;
  markWorker(): void;
  counters(): NativeCounters;

  // lib/random. A key is two words; legacy is 0 or 1; `out` is filled. Bounds repeat along `out` and have its type.
  randomBits(k0: number, k1: number, legacy: number, width: 32 | 64, out: Uint32Array): void;
  randomSplit(k0: number, k1: number, legacy: number, out: Uint32Array): void;
  randomFoldIn(k0: number, k1: number, legacy: number, data: number, out: Uint32Array): void;
  randomNormal(k0: number, k1: number, legacy: number, out: unknown): void;
  randomUniform(k0: number, k1: number, legacy: number, lower: unknown, upper: unknown, out: unknown): void;
  randomTruncatedNormal(k0: number, k1: number, legacy: number, lower: unknown, upper: unknown, out: unknown): void;

  // lib/optim: onX[k] = vectors[k]·x, and the same for y; x = (x + Σ factors[k]·vectors[k])·scale and then onX.
  vectorProducts(
    vectors: readonly Float64Array[],
    x: Float64Array,
    onX: Float64Array,
    y: Float64Array | null,
    onY: Float64Array | null,
  ): void;
  vectorCombine(
    vectors: readonly Float64Array[],
    factors: Float64Array,
    scale: number,
    x: Float64Array,
    onX: Float64Array | null,
  ): void;
}

export interface NativeInfo {
  version: string;
  /** The instruction set in use, and those this machine can run, best first. */
  isa: string;
  isas: string[];
  hardwareThreads: number;
  defaultThreads: number;
  /** Bytes of the data caches; 0 where the system does not say. */
  caches: { l1d: number; l2: number; l3: number };
}

export interface NativeCounters {
  /** Programs compiled by this thread of JavaScript since it loaded nabla, and those not yet collected. */
  programsCreated: number;
  programsAlive: number;
  runs: number;
}

const require = createRequire(import.meta.url);

// Bundlers and packagers find native files by reading `require` calls, so every path below is a literal.
const platformPackages: Readonly<Record<string, () => unknown>> = {
  '@nabla/linux-x64-gnu': () => require('@nabla/linux-x64-gnu'),
  '@nabla/linux-x64-musl': () => require('@nabla/linux-x64-musl'),
  '@nabla/linux-arm64-gnu': () => require('@nabla/linux-arm64-gnu'),
  '@nabla/linux-arm64-musl': () => require('@nabla/linux-arm64-musl'),
  '@nabla/darwin-arm64': () => require('@nabla/darwin-arm64'),
  '@nabla/darwin-x64': () => require('@nabla/darwin-x64'),
};

/** The C library of a Linux process: glibc reports its version, musl does not. */
function platformPackage(): string {
  const base = `@nabla/${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return base;
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return `${base}-${report.header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`;
}

function load(): Native {
  const failures: string[] = [];
  const attempt = (what: string, open: () => unknown): Native | undefined => {
    try {
      return open() as Native;
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      return undefined;
    }
  };
  // Another build of this checkout (a sanitizer's, node-gyp's): asked for by name, so its absence is an error.
  const build = process.env.NABLA_BUILD;
  if (build !== undefined && build !== '') {
    return attempt(`NABLA_BUILD=${build}`, () => require(resolve(build, 'nabla.node'))) ?? missing(failures);
  }
  // This file is lib/runtime/native.ts in a test, and part of dist/nabla.js when compiled.
  const local =
    attempt('../build/Release/nabla.node', () => require('../build/Release/nabla.node')) ??
    attempt('../../build/Release/nabla.node', () => require('../../build/Release/nabla.node'));
  if (local) return local;
  const name = platformPackage();
  const open = platformPackages[name];
  if (open === undefined) failures.push(`${name}: there is no prebuilt package for this platform`);
  return (open && attempt(name, open)) ?? missing(failures, name);
}

function missing(failures: readonly string[], packageName?: string): never {
  const wayOut =
    packageName === undefined
      ? 'Unset NABLA_BUILD, or build there.'
      : `In an application: \`npm install ${packageName}\` (was nabla installed with --omit=optional, or on another machine?). ` +
        'In a clone of nabla: `npm run build:native`.';
  throw new NablaError(
    'ERR_NABLA_NATIVE_MISSING',
    `nabla's native addon could not be loaded. ${wayOut} Tried:\n  ${failures.join('\n  ')}`,
    { platform: process.platform, arch: process.arch, package: packageName, failures },
  );
}

let native: Native | undefined;

/**
 * The native addon, loaded at first use.
 * @throws ERR_NABLA_NATIVE_MISSING saying what was tried and what to do; ERR_NABLA_OPTION if NABLA_ISA or
 * NABLA_NUM_THREADS has a value nabla does not accept.
 */
export function getNative(): Native {
  if (native === undefined) {
    const loaded = load();
    checkEnvironment(loaded);
    if (!isMainThread) loaded.markWorker();
    native = loaded;
  }
  return native;
}

function checkEnvironment(loaded: Native): void {
  const isa = process.env.NABLA_ISA;
  if (isa !== undefined && isa !== '') {
    const { isas } = loaded.info();
    if (!isas.includes(isa)) {
      throw new NablaError(
        'ERR_NABLA_OPTION',
        `expected one of ${isas.join(', ')} for NABLA_ISA on this machine but received '${isa}'`,
        { option: 'NABLA_ISA', received: isa, accepted: isas },
      );
    }
  }
  const threads = process.env.NABLA_NUM_THREADS;
  if (threads !== undefined && threads !== '' && !/^0*[1-9]\d{0,2}$/.test(threads)) {
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `expected an integer from 1 to 999 for NABLA_NUM_THREADS but received '${threads}'`,
      { option: 'NABLA_NUM_THREADS', received: threads },
    );
  }
}
