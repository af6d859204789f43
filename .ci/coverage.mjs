// coverage.mjs FOLDER PERCENT: line coverage of native/ from the gcov data under FOLDER, a line per file; fails below PERCENT.
// A line counts as run if any translation unit ran it: kernels are compiled once per instruction set.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';

const [folder, least] = process.argv.slice(2);
const data = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith('.gcda'))
  .map((name) => resolve(folder, name));

const lines = new Map();
for (const file of data) {
  const text = execFileSync('gcov', ['--json-format', '--stdout', file], { maxBuffer: 2 ** 30 }).toString();
  for (const document of text.split('\n').filter(Boolean)) {
    for (const source of JSON.parse(document).files) {
      const name = relative('.', resolve(source.file));
      if (!name.startsWith('native/') || name.startsWith('native/testing/')) continue;
      const counts = lines.get(name) ?? new Map();
      for (const { line_number, count } of source.lines) {
        counts.set(line_number, Math.max(counts.get(line_number) ?? 0, count));
      }
      lines.set(name, counts);
    }
  }
}

let run = 0;
let all = 0;
for (const [name, counts] of [...lines].sort()) {
  if (counts.size === 0) continue;
  const hit = [...counts.values()].filter((count) => count > 0).length;
  run += hit;
  all += counts.size;
  const missed = [...counts].filter(([, count]) => count === 0).map(([line]) => line);
  console.log(`${((100 * hit) / counts.size).toFixed(1).padStart(6)} %  ${name}  ${missed.slice(0, 12).join(' ')}`);
}
const percent = (100 * run) / all;
console.log(`native/: ${percent.toFixed(1)} % of ${all} lines`);
process.exit(percent >= Number(least) ? 0 : 1);
