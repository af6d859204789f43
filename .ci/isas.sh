#!/usr/bin/env bash
# The suite on every instruction set of this machine but the best, which is what every other step runs on.
set -euo pipefail
for isa in $(node -p "require('./build/Release/nabla.node').info().isas.slice(1).join(' ')"); do
  echo "--- NABLA_ISA=$isa"
  NABLA_ISA=$isa bash .ci/vitest.sh "isa-$isa"
done
