#!/usr/bin/env bash
# Formatting, warnings as errors, and clang-tidy for the C++ sources.
set -euo pipefail
node scripts/format-native.mjs --check
node scripts/setup.mjs --native --werror
