#!/usr/bin/env bash
# Memory left over when a process has loaded the addon, run, aborted and dropped programs, and come to its end.
set -euo pipefail
node scripts/setup.mjs --native --sanitize=address
node .ci/leaks.mjs build/address/Release "$(gcc -print-file-name=libasan.so)"
