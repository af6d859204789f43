#!/usr/bin/env bash
# Line coverage of native/ by the part of the suite that meets it; fails below 90 %.
set -euo pipefail
node scripts/setup.mjs --native --coverage
find build/coverage -name '*.gcda' -delete
# Threads, because gcov writes its counts when a process ends by itself, which vitest's child processes do not.
NABLA_BUILD=build/coverage/Release NABLA_CI_PART=${NABLA_CI_PART-native} \
  bash .ci/vitest.sh coverage --pool=threads --testTimeout=300000 --hookTimeout=300000
node .ci/coverage.mjs build/coverage 90
