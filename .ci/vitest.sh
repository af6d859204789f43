#!/usr/bin/env bash
# vitest.sh NAME [vitest arguments]: runs the suite, or with NABLA_CI_PART=native the part of it that meets native code, and
# leaves the results in build/ci/NAME.json for count.mjs.
set -euo pipefail
name=$1
shift
source .ci/part.sh
# Not through npx: what LD_PRELOAD names would be loaded into every process on the way.
node node_modules/vitest/vitest.mjs run ${part[@]+"${part[@]}"} --reporter=default --reporter=json \
  --outputFile.json="build/ci/$name.json" "$@"
