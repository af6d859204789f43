// Where and with what a run was made: without it a figure is worth nothing.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { info } from 'nabla';
import { fmaPeaks, type Peaks } from './yardstick.js';

export interface Machine {
  readonly cpu: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly os: string;
  /** What one thread makes of each instruction set; the first is the best. */
  readonly peaks: Peaks;
  readonly caches: Readonly<Record<string, number>>;
  /** Mean number of runnable processes over the minute before the run: above 0.5 someone else was busy. */
  readonly loadBefore: number;
}

export function machine(): Machine {
  const { caches } = info();
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()}`,
    peaks: fmaPeaks(),
    caches: { ...caches },
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The commit measured, with a + if the tree has changes. */
export function revision(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return git('rev-parse', '--short', 'HEAD').trim() + (git('status', '--porcelain', '-uno').trim() ? '+' : '');
  } catch {
    return 'unknown';
  }
}
