#!/usr/bin/env bash
# The suite on other releases of Node with the one binary, built against Node-API 8.
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
  "$node" node_modules/vitest/vitest.mjs run --reporter=default --reporter=json --outputFile.json="build/ci/node-$release.json" || failed=1
done
exit "$failed"
