#!/usr/bin/env bash
# Hostile programs: libFuzzer with address and undefined-behaviour sanitizers over decoder and executor.
#   fuzz.sh [seconds]
set -euo pipefail
cmake -S . -B build/fuzz -DNABLA_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++-16 >/dev/null
cmake --build build/fuzz --target program_fuzzer --parallel 2 >/dev/null
mkdir -p build/fuzz/corpus
build/fuzz/program_fuzzer -max_len=65536 -max_total_time="${1:-60}" -print_final_stats=1 build/fuzz/corpus native/fuzz/corpus 2>&1 | tail -12
