#!/usr/bin/env bash
set -euo pipefail
npm test -- --reporter=default --reporter=json --outputFile.json=build/ci/test.json
