#!/usr/bin/env bash
# The errors of the math functions at every float32 there is, and at twenty million float64 each: a quarter of an hour of one core.
set -euo pipefail
NABLA_SLOW_TESTS=1 bash .ci/vitest.sh exhaustive test/native/math.test.ts
