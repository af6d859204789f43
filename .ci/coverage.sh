#!/usr/bin/env bash
# Line coverage of native/ by the suite; fails below 90 %.
set -euo pipefail
node scripts/setup.mjs --native --coverage
find build/coverage -name '*.gcda' -delete
# Threads, because gcov writes its counts when a process ends by itself, which vitest's child processes do not.
NABLA_BUILD=build/coverage/Release node node_modules/vitest/vitest.mjs run --pool=threads --reporter=default --reporter=json \
  --outputFile.json=build/ci/coverage.json --testTimeout=300000 --hookTimeout=300000
node .ci/coverage.mjs build/coverage 90
