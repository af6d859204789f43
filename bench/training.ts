// Time to an error: the training of examples/burgers.ts, and the same in JAX and optax from the same parameters, on the same points,
// with the same steps. `npm run build && node dist/bench/training.js [--quick] [--out FOLDER]`
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { info, type numpy as np } from 'nabla';
import {
  adam,
  burgers,
  exact,
  gridPoints,
  initialParams,
  memorySize,
  type Points,
  wholeTraining,
} from '../examples/burgers.js';
import { viscosity } from '../examples/burgers-exact.js';
import { peersPython, root } from './contestants/specs.js';
import { machine, revision } from './machine.js';

interface Training {
  readonly errors: readonly number[];
  readonly seconds: readonly number[];
  readonly compiling: readonly number[];
  /** Of the first steps. */
  readonly losses: readonly number[];
  readonly versions: unknown;
}

/**
 * The losses of so many steps must agree, or the two would not train the same: to six digits, since Adam divides a gradient by its
 * own size plus 1e-8 and so makes 1e-10 of a rounding of 1e-16. Thousands of steps on, through a landscape with a shock in it, the
 * two are somewhere else.
 */
const comparedSteps = 20;

const { values: given } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string', default: 'bench/results' } },
});
const steps = given.quick ? { adamSteps: 50, rounds: 2, stepsPerRound: 50 } : wholeTraining;

const about = machine();
const parts: Points[] = [];
const ours = await burgers({ ...steps, progress: process.stderr.isTTY, onPoints: (points) => parts.push(points) });

const numbers = (x: { data: ArrayLike<number> }): number[] => Array.from(x.data);
const place = mkdtempSync(join(tmpdir(), 'nabla-training-'));
try {
  const layers = Object.values(initialParams().params) as { kernel: np.Array; bias: np.Array }[];
  const task = {
    layers: layers.map(({ kernel, bias }) => [kernel.toArray(), bias.toArray()]),
    parts: parts.map((points) => ({
      interior: numbers(points.interior),
      boundary: numbers(points.boundary),
      initial: numbers(points.initial),
      initialValues: numbers(points.initialValues),
    })),
    grid: numbers(gridPoints),
    exact: Array.from(exact),
    ...{ viscosity, adam, memorySize, steps, comparedSteps },
  };
  const file = join(place, 'task.json');
  writeFileSync(file, JSON.stringify(task));
  const result = join(place, 'result.json');
  await run(peersPython(), [join(root, 'bench/peers/burgers_training.py'), file, result]);
  report(JSON.parse(readFileSync(result, 'utf8')) as Training);
} finally {
  rmSync(place, { recursive: true });
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });
}

function report({ losses, ...theirs }: Training): void {
  const apart = Math.max(...losses.map((theirLoss, i) => Math.abs(theirLoss / ours.losses[i]! - 1)));
  console.log(`losses of the first ${losses.length} steps differ by ${apart.toExponential(1)} at most`);
  if (!(apart < 1e-6)) throw new Error('the two do not train the same');
  console.log('part      nabla: error   seconds      jax: error   seconds   (and compiling)   ratio');
  ours.errors.forEach((error, i) => {
    const compiling = theirs.compiling[i]!;
    const row = [
      i === 0 ? 'Adam    ' : `L-BFGS ${i}`,
      error.toExponential(2).padStart(14),
      ours.seconds[i]!.toFixed(2).padStart(10),
      theirs.errors[i]!.toExponential(2).padStart(15),
      theirs.seconds[i]!.toFixed(2).padStart(10),
      compiling.toFixed(2).padStart(14),
      `${(theirs.seconds[i]! / ours.seconds[i]!).toFixed(1)}×`.padStart(12),
    ];
    console.log(row.join(''));
  });
  mkdirSync(given.out, { recursive: true });
  const name = join(given.out, 'training-burgers.json');
  const nabla = { version: info().version, node: process.version, errors: ours.errors, seconds: ours.seconds };
  const date = new Date().toISOString();
  const results = { date, revision: revision(), machine: about, steps, apart, nabla, jax: theirs };
  writeFileSync(name, `${JSON.stringify(results, null, 1)}\n`);
  console.log(name);
}
