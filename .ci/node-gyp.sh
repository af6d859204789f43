#!/usr/bin/env bash
# Builds through binding.gyp and runs what meets native code on that binary.
set -euo pipefail
node scripts/setup.mjs --native --gyp
NABLA_BUILD=build/gyp/Release NABLA_CI_PART=${NABLA_CI_PART-native} bash .ci/vitest.sh node-gyp
