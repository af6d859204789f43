// format-native.mjs --check | --write: clang-format over native/.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const mode = process.argv[2] === '--write' ? ['-i'] : ['--dry-run', '--Werror'];
const files = readdirSync('native', { recursive: true })
  .filter((file) => /\.(cc|h)$/.test(file))
  .map((file) => join('native', file));
const formatter = ['clang-format-16', 'clang-format'].find((name) => spawnSync(name, ['--version']).status === 0);
if (formatter === undefined) {
  console.error('format-native: clang-format (16) is not installed');
  process.exit(2);
}
process.exit(spawnSync(formatter, [...mode, ...files], { stdio: 'inherit' }).status ?? 1);
