// How late a 1 ms timer is in a process that computes a million Hessians at the same time: the event loop must stay free.
//   node dist/bench/event-loop.js [points] [--json]
import { evaluate, hessian, jit, nn, numpy as np, random, vmap } from 'nabla';

const json = process.argv.includes('--json');
const N = Number(process.argv.slice(2).find((argument) => argument !== '--json') ?? 1_000_000);
const model = new nn.MLP({ features: [20, 20, 20, 20, 20, 1] });
const params = model.init(random.PRNGKey(0), np.ones([1, 3]));
const u = (p: nn.Params, x: np.Array) => np.squeeze(model.apply(p, x));
const hessians = jit(vmap(hessian(u, { argnums: 1 }), [null, 0]));
const X = random.uniform(random.PRNGKey(1), [N, 3]);

/** Delays beyond 1 ms of a timer that is set again and again until `until` settles. */
async function lateness(until: Promise<unknown>): Promise<number[]> {
  let running = true;
  const stop = () => {
    running = false;
  };
  until.then(stop, stop);
  const late: number[] = [];
  while (running) {
    const begin = performance.now();
    await new Promise((done) => setTimeout(done, 1));
    late.push(performance.now() - begin - 1);
  }
  return late.sort((a, b) => a - b);
}

const percentile = (late: readonly number[], share: number): number =>
  late[Math.min(late.length - 1, Math.floor(share * late.length))] ?? 0;

function report(what: string, late: readonly number[]): void {
  if (json) return;
  const at = (share: number) => percentile(late, share).toFixed(2);
  console.log(`${what}: ${late.length} timers, late by ${at(0.5)} ms (p50), ${at(0.99)} ms (p99), ${at(1)} ms (max)`);
}

// Compiles, and lets V8 do the same.
await evaluate(hessians, [params, X]);
const idle = await lateness(new Promise((done) => setTimeout(done, 2_000)));
report('idle', idle);
const begin = performance.now();
const work = (async () => {
  // Several in a row, so that there are enough timers for a percentile.
  for (let i = 0; i < 5; i++) await evaluate(hessians, [params, X]);
})();
const busy = await lateness(work);
report(`during 5 x ${N} Hessians`, busy);
if (json) {
  console.log(
    JSON.stringify({ idle: percentile(idle, 0.99), p50: percentile(busy, 0.5), p99: percentile(busy, 0.99) }),
  );
} else {
  console.log(`${((5 * N) / (performance.now() - begin) / 1000).toFixed(2)} million Hessians a second meanwhile`);
}
