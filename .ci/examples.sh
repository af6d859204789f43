#!/usr/bin/env bash
# The errors the examples state are reached, by trainings of minutes: not in `npm test`.
set -euo pipefail
NABLA_SLOW_TESTS=1 bash .ci/vitest.sh examples test/examples --testTimeout=900000
