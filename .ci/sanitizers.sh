#!/usr/bin/env bash
# What meets native code, on builds with AddressSanitizer (without its leak check, which leaks.sh is for), UBSan and ThreadSanitizer.
#   sanitizers.sh [address|undefined|thread ...]
set -euo pipefail
NABLA_CI_PART=${NABLA_CI_PART-native}
source .ci/part.sh
kinds=("$@")
((${#kinds[@]})) || kinds=(address undefined thread)
for kind in "${kinds[@]}"; do
  echo "--- $kind"
  node scripts/setup.mjs --native "--sanitize=$kind"
  preload=
  run=()
  case $kind in
    address) preload=$(gcc -print-file-name=libasan.so) ;;
    thread)
      preload=$(gcc -print-file-name=libtsan.so)
      # TSan's shadow memory needs mappings where full address randomization may put something else.
      run=(setarch -R)
      ;;
  esac
  # Node's own objects are not instrumented; without ignore_noninstrumented_modules TSan reports V8's lock-free code.
  ${run[@]+"${run[@]}"} env NABLA_BUILD="build/$kind/Release" LD_PRELOAD="$preload" \
    ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1:allocator_may_return_null=1 \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
    TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1:allocator_may_return_null=1 \
    node node_modules/vitest/vitest.mjs run ${part[@]+"${part[@]}"} --reporter=default --reporter=json \
    --outputFile.json="build/ci/$kind.json" --testTimeout=300000 --hookTimeout=300000
done
