#!/usr/bin/env bash
# Builds through binding.gyp and runs the suite on that binary.
set -euo pipefail
node scripts/setup.mjs --native --gyp
NABLA_BUILD=build/gyp/Release bash .ci/vitest.sh node-gyp
