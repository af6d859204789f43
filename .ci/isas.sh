#!/usr/bin/env bash
# What meets native code on every instruction set of this machine but the best, which is what every other step runs on.
set -euo pipefail
for isa in $(node -p "require('./build/Release/nabla.node').info().isas.slice(1).join(' ')"); do
  echo "--- NABLA_ISA=$isa"
  NABLA_ISA=$isa NABLA_CI_PART=${NABLA_CI_PART-native} bash .ci/vitest.sh "isa-$isa"
done
