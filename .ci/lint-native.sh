#!/usr/bin/env bash
# Formatting and clang-tidy for the C++ sources. (Warnings are errors in every build of CI: NABLA_WERROR in .ci/run.)
set -euo pipefail
node scripts/format-native.mjs --check
