// npm run bench: nabla alone.  npm run bench:peers: the same cases beside the others.  --help says the rest.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { caseName } from './cases.js';
import { peerSpecs, root } from './contestants/specs.js';
import { goals } from './goals.js';
import { nablaProbes, peerProbes } from './probes/index.js';
import { markdown } from './report.js';
import { writeResults } from './results.js';
import { run } from './run.js';
import { selections } from './selections.js';
import { verdictMarkdown, verdictTable } from './verdicts.js';

const help = `usage: npm run bench -- [options]          nabla alone
       npm run bench:peers -- [options]    beside other libraries, in turns, after comparing results

  --case NAME      which cases: ${Object.keys(selections).join(', ')}
                   (default: "default" alone, "readme" with peers)
  --quick          --case quick with few rounds: about a minute
  --filter TEXT    only cases whose name matches this regular expression, e.g. 'hessian .* float32 1 thread'
  --list           print the names of the cases and stop
  --peers A,B      which peers (default: all): ${Object.keys(peerSpecs).join(', ')}
  --threads K      most threads to use (default: all processors)
  --rounds R       rounds of each case (default 7, quick 3)
  --seconds S      seconds of each contestant in a round, at least one call (default 0.3, quick 0.1)
  --timeout S      seconds a peer may take to compile one recipe (default 120)
  --no-probes      no memory, start-up, event loop, error
  --out FOLDER     where results go (default bench/results)
  --no-plots       only the JSON

Python peers: python3 -m venv bench/.venv && bench/.venv/bin/pip install -r bench/peers/requirements.txt
              (or NABLA_PEERS_PYTHON=/path/to/python)
npm peers:    npm install --prefix bench/peers --ignore-scripts`;

class UsageError extends Error {}

function options() {
  const { values } = parseArgs({
    options: {
      peers: { type: 'string' },
      'with-peers': { type: 'boolean', default: false },
      case: { type: 'string' },
      quick: { type: 'boolean', default: false },
      filter: { type: 'string' },
      list: { type: 'boolean', default: false },
      threads: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      timeout: { type: 'string', default: '120' },
      probes: { type: 'boolean', default: true },
      plots: { type: 'boolean', default: true },
      out: { type: 'string', default: join(root, 'bench/results') },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowNegative: true,
  });
  return values;
}

function positive(text: string | undefined, fallback: number, name: string): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name}: expected a positive number but received '${text}'`);
  return value;
}

function chosenPeers(text: string | undefined) {
  const names = text === undefined ? Object.keys(peerSpecs) : text.split(',').filter((name) => name !== '');
  return names.map((name) => {
    const spec = peerSpecs[name];
    if (!spec)
      throw new UsageError(`--peers: expected some of ${Object.keys(peerSpecs).join(', ')} but received '${name}'`);
    return spec;
  });
}

async function main(): Promise<void> {
  const given = options();
  if (given.help) {
    console.log(help);
    return;
  }
  const withPeers = given['with-peers'] || given.peers !== undefined;
  const name = given.case ?? (given.quick ? 'quick' : withPeers ? 'readme' : 'default');
  const selection = selections[name];
  if (!selection)
    throw new UsageError(`--case: expected one of ${Object.keys(selections).join(', ')} but received '${name}'`);
  const threads = positive(given.threads, availableParallelism(), 'threads');
  const pattern = new RegExp(given.filter ?? '');
  const cases = selection(threads).filter((c) => pattern.test(caseName(c)));
  if (given.list) {
    for (const c of cases) console.log(caseName(c));
    return;
  }
  if (cases.length === 0) throw new UsageError(`no case of '${name}' matches ${pattern}`);

  const quick = given.quick || name === 'smallest';
  const peers = withPeers ? chosenPeers(given.peers) : [];
  const typed = process.argv.slice(2).filter((argument) => argument !== '--with-peers');
  const results = await run({
    command: `npm run bench${withPeers ? ':peers' : ''}${typed.length > 0 ? ` -- ${typed.join(' ')}` : ''}`,
    cases,
    peers,
    budget: {
      rounds: positive(given.rounds, quick ? 3 : 7, 'rounds'),
      seconds: positive(given.seconds, quick ? 0.1 : 0.3, 'seconds'),
      timeout: positive(given.timeout, 120, 'timeout'),
    },
    probes: given.probes && given.filter === undefined ? [...nablaProbes, ...(withPeers ? peerProbes(peers) : [])] : [],
    goals: name === 'goals' ? goals(threads) : [],
  });

  if (results.goals) console.log(`\n${verdictTable(results.goals)}`);
  const file = `${withPeers ? 'peers' : 'nabla'}-${name}`;
  const written = [writeResults(given.out, file, results)];
  if (given.plots) written.push(...(await import('./plots.js')).writePlots(given.out, file, results));
  if (withPeers) console.log(`\n${markdown(results.outcomes)}`);
  if (results.goals) console.log(`\n${verdictMarkdown(results.goals)}`);
  console.log(`\n${written.join('\n')}`);
  if (results.failures.length > 0) process.exitCode = 1;
}

main().catch((error: Error & { code?: string }) => {
  const usage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  console.error(usage ? `bench: ${error.message}\n       --help lists the options` : error);
  process.exitCode = usage ? 2 : 1;
});
