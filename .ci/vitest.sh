#!/usr/bin/env bash
# vitest.sh NAME [vitest arguments]: runs the suite and leaves its results in build/ci/NAME.json for count.mjs.
set -euo pipefail
name=$1
shift
npx --no-install vitest run --reporter=default --reporter=json --outputFile.json="build/ci/$name.json" "$@"
