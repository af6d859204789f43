#!/usr/bin/env bash
# vitest.sh NAME [vitest arguments]: runs the suite and leaves its results in build/ci/NAME.json for count.mjs.
set -euo pipefail
name=$1
shift
# Not through npx: what LD_PRELOAD names would be loaded into every process on the way.
node node_modules/vitest/vitest.mjs run --reporter=default --reporter=json --outputFile.json="build/ci/$name.json" "$@"
