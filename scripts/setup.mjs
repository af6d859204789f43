// Brings a clone up to date: packages (always), the addon (--native), the compiled TypeScript (--dist). Each step is skipped
// when it has nothing to do, so the commands of package.json can call this every time.
//
//   --native            build/Release/nabla.node and nabla_testing.node
//   --gyp               with --native: through node-gyp even if CMake is there; the result stays in build/gyp/Release
//   --sanitize=KIND     with --native: address, undefined or thread; the result is in build/KIND/Release
//   --coverage          with --native: instrumented for gcov, in build/coverage/Release
//   --werror            with --native: warnings are errors; so does NABLA_WERROR=1
//   --dist              dist/
//
// Tests and programs load another build than build/Release when NABLA_BUILD names its folder.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const flags = new Set();
let sanitize = '';
for (const argument of process.argv.slice(2)) {
  if (argument.startsWith('--sanitize=')) sanitize = argument.slice('--sanitize='.length);
  else if (['--native', '--gyp', '--coverage', '--werror', '--dist'].includes(argument)) flags.add(argument);
  else fail(`setup: unknown argument ${argument}`);
}

if (process.env.NABLA_WERROR === '1') flags.add('--werror');

installPackages();
if (flags.has('--native')) {
  if (flags.has('--gyp')) buildWithGyp();
  else if (has('cmake')) buildWithCmake();
  else {
    buildWithGyp();
    publish(join(root, 'build/gyp/Release'), join(root, 'build/Release'));
  }
}
if (flags.has('--dist')) {
  run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json']);
  // One file for who imports nabla: opening and linking 130 modules takes 70 ms, as long as node itself.
  run('npx', ['--no-install', 'rolldown', 'dist/lib/index.js', '-o', 'dist/nabla.js', '-p', 'node', '-f', 'esm', '-s']);
}

function installPackages() {
  const installed = join(root, 'node_modules/.package-lock.json');
  const wanted = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  run('npm', ['ci', '--ignore-scripts']);
}

function buildWithCmake() {
  const folder = sanitize || (flags.has('--coverage') ? 'coverage' : '');
  const out = folder ? join('build', folder) : 'build';
  const options = [
    `NABLA_SANITIZE=${sanitize}`,
    `NABLA_COVERAGE=${onOff('--coverage')}`,
    `NABLA_WERROR=${onOff('--werror')}`,
  ];
  const common = [
    '--no-install',
    'cmake-js',
    '-O',
    out,
    '-p',
    String(availableParallelism()),
    ...options.map((o) => `--CD${o}`),
  ];
  // `cmake-js compile` never reconfigures: configure again when the options or the Node that asks have changed.
  const stamp = join(root, out, 'configured-with');
  const key = `${options.join(' ')} ${process.version} ${process.arch} ${root}`;
  const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === key;
  if (!fresh) {
    rmSync(join(root, out, 'CMakeCache.txt'), { force: true });
    run('npx', [...common, 'configure']);
    writeFileSync(stamp, key);
  }
  run('npx', [...common, 'build']);
}

// node-gyp always writes to `build` beside binding.gyp; linking the sources into build/gyp-root keeps that apart from CMake's.
function buildWithGyp() {
  const place = join(root, 'build/gyp-root');
  mkdirSync(place, { recursive: true });
  for (const name of ['binding.gyp', 'native', 'scripts', 'package.json', 'node_modules']) {
    if (!existsSync(join(place, name))) symlinkSync(join(root, name), join(place, name));
  }
  const nodedir = nodeHeaders();
  run('npx', ['--no-install', 'node-gyp', '-C', place, '--nodedir', nodedir, '-j', 'max', 'configure', 'build']);
  publish(join(place, 'build/Release'), join(root, 'build/gyp/Release'));
}

// The running Node's own headers where they are installed, else node-api-headers dressed up as a Node source tree: either way
// nothing is downloaded.
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include/node/node_api.h')) && existsSync(join(prefix, 'include/node/common.gypi')))
    return prefix;
  const place = join(root, 'build/gyp-headers/include/node');
  mkdirSync(place, { recursive: true });
  for (const name of ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h']) {
    copyFileSync(join(root, 'node_modules/node-api-headers/include', name), join(place, name));
  }
  const common = {
    variables: { visibility: 'hidden' },
    target_defaults: {
      default_configuration: 'Release',
      configurations: { Release: {}, Debug: {} },
      cflags: ['-pthread'],
      ldflags: ['-pthread'],
      target_conditions: [['_type!="executable"', { cflags: ['-fPIC'] }]],
    },
  };
  writeFileSync(join(place, 'common.gypi'), JSON.stringify(common, null, 2));
  writeFileSync(join(place, 'config.gypi'), JSON.stringify({ target_defaults: {}, variables: {} }));
  return join(root, 'build/gyp-headers');
}

function publish(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of ['nabla.node', 'nabla_testing.node']) {
    // A loaded addon is mapped into running processes: replace the file, never write into it.
    rmSync(join(to, name), { force: true });
    copyFileSync(join(from, name), join(to, name));
  }
}

function onOff(flag) {
  return flags.has(flag) ? 'ON' : 'OFF';
}

function has(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) fail(`setup: ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
