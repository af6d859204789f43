#!/usr/bin/env bash
# Installs what the steps need and a bare machine with Node.js and a compiler lacks.
set -euo pipefail

packages=(cmake ninja-build clang-format-16 clang-tidy-16 clang-16 libclang-rt-16-dev)
if [[ $(uname -m) == x86_64 ]]; then
  packages+=(qemu-user g++-aarch64-linux-gnu)
fi
missing=()
for package in "${packages[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
node --version
cmake --version | head -1
g++ --version | head -1
