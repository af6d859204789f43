#!/usr/bin/env bash
# What meets native code, on other releases of Node with the one binary, built against Node-API 8.
#   nodes.sh [22 24 26]
set -euo pipefail
releases=("$@")
((${#releases[@]})) || releases=(22 24 26)
failed=0 # one release that fails does not hide the next
arch=$(node -p process.arch)
for release in "${releases[@]}"; do
  place=build/nodes/$release
  node=$place/node_modules/node-linux-$arch/bin/node
  if [[ ! -x $node ]]; then
    mkdir -p "$place"
    [[ -f $place/package.json ]] || echo '{"private":true}' >"$place/package.json"
    npm install --prefix "$place" --ignore-scripts --no-save --silent "node-linux-$arch@$release"
  fi
  echo "--- node $("$node" --version)"
  PATH=$PWD/$(dirname "$node"):$PATH NABLA_CI_PART=${NABLA_CI_PART-native} bash .ci/vitest.sh "node-$release" || failed=1
done
exit "$failed"
