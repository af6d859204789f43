#!/usr/bin/env bash
# Packs what would be published, looks at what is in it, installs it into an empty folder without a network, and runs the first
# example of the README there, as an ES module and through require().
set -euo pipefail
npm run --silent build
node scripts/pack.mjs
packages=$PWD/build/packages

for tarball in "$packages"/*.tgz; do
  if tar tzf "$tarball" | grep -E 'binding\.gyp|CMakeLists|\.cc$|\.h$|\.test\.'; then
    echo "package: $tarball holds what it should not" >&2
    exit 1
  fi
done
if grep -E '"(pre|post)?install"' "$packages"/*/package.json; then
  echo 'package: an install script' >&2
  exit 1
fi
npx --no-install publint --strict "$packages/nabla"
npx --no-install attw --profile esm-only "$packages"/nabla-[0-9]*.tgz

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
# The first TypeScript block of the README is a whole program; Node runs it as it is, without types. The lines of types are
# taken out by the compiler.
node --input-type=module -e '
  import { readFileSync, writeFileSync } from "node:fs";
  import ts from "typescript";
  const code = /```ts\n([\s\S]*?)```/.exec(readFileSync("README.md", "utf8"))[1];
  const to = (module) =>
    ts.transpileModule(code, { compilerOptions: { module, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: false } }).outputText;
  writeFileSync(`${process.argv[1]}/example.mjs`, to(ts.ModuleKind.ESNext));
  writeFileSync(`${process.argv[1]}/example.cjs`, to(ts.ModuleKind.CommonJS));
' "$place"
cd "$place"
echo '{ "private": true }' >package.json
npm install --offline --no-audit --no-fund --silent "$packages"/*.tgz
NODE_PATH= node example.mjs >esm.txt
node --no-warnings example.cjs >cjs.txt
cmp esm.txt cjs.txt
head -5 esm.txt
# Without the platform's package the error says what is missing.
rm -r node_modules/@nabla
if node example.mjs >missing.txt 2>&1; then
  echo 'package: ran without an addon' >&2
  exit 1
fi
grep -q 'ERR_NABLA_NATIVE_MISSING' missing.txt
grep -q 'npm install @nabla/' missing.txt
