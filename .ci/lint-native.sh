#!/usr/bin/env bash
# Formatting and clang-tidy for the C++ sources. (Warnings are errors in every build of CI: NABLA_WERROR in .ci/run.)
set -euo pipefail
node scripts/format-native.mjs --check
# The compile commands are those of the build in build/. Kernels are left out: their bodies are generated per instruction set.
printf '%s\0' native/{addon,exec,program,random}/*.cc native/vectors/vectors.cc |
  xargs -0 -n 1 -P "$(nproc)" clang-tidy-16 -p build --quiet 2> >(grep -vE 'warnings? generated|Suppressed|Use -header-filter' >&2)
