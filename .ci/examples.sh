#!/usr/bin/env bash
# The whole trainings of the examples: the errors they state are reached. Minutes, so not in `npm test`.
set -euo pipefail
NABLA_SLOW_TESTS=1 bash .ci/vitest.sh examples test/examples --testTimeout=900000
