// Writes the npm tarballs to build/packages: `nabla` itself (JavaScript and types, no install script, no binding.gyp) and, with
// the addon of build/Release in it, the package of this machine's platform. Both come from a clone that is built
// (`npm run build`).
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// What lib/runtime/native.ts knows how to load.
const platforms = {
  'linux-x64-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  'linux-x64-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  'linux-arm64-gnu': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  'linux-arm64-musl': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
  'darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
  'darwin-x64': { os: ['darwin'], cpu: ['x64'] },
};

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'build/packages');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { version, license, engines } = manifest;

rmSync(out, { recursive: true, force: true });
packMain();
packPlatform(currentPlatform());

function packMain() {
  const place = join(out, 'nabla');
  const { scripts, devDependencies, gypfile, binary, ...published } = manifest;
  const optionalDependencies = Object.fromEntries(Object.keys(platforms).map((name) => [`@nabla/${name}`, version]));
  mkdirSync(place, { recursive: true });
  writeJson(join(place, 'package.json'), { ...published, optionalDependencies });
  cpSync(join(root, 'dist/lib'), join(place, 'dist/lib'), { recursive: true });
  for (const name of ['nabla.js', 'nabla.js.map']) copyFileSync(join(root, 'dist', name), join(place, 'dist', name));
  for (const name of ['README.md', 'LICENSE']) copyFileSync(join(root, name), join(place, name));
  pack(place);
}

function packPlatform(name) {
  const place = join(out, name);
  mkdirSync(place, { recursive: true });
  copyFileSync(join(root, 'build/Release/nabla.node'), join(place, 'nabla.node'));
  copyFileSync(join(root, 'LICENSE'), join(place, 'LICENSE'));
  writeJson(join(place, 'package.json'), {
    name: `@nabla/${name}`,
    version,
    description: `The native addon of nabla for ${name}`,
    license,
    engines,
    ...platforms[name],
    main: 'nabla.node',
    files: ['nabla.node', 'LICENSE'],
  });
  pack(place);
}

function currentPlatform() {
  const base = `${process.platform}-${process.arch}`;
  const name =
    process.platform === 'linux'
      ? `${base}-${process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`
      : base;
  if (!(name in platforms)) throw new Error(`pack: there is no package for ${name}`);
  return name;
}

function pack(place) {
  const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', out], {
    cwd: place,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
