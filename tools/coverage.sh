#!/usr/bin/env bash
# What the C tests reach of src/: a summary here, lines in build/coverage/index.html.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/build.sh coverage
find build/coverage -name '*.gcda' -delete
ctest --preset coverage -j "$(nproc)"
build/venv/bin/gcovr --root . --object-directory build/coverage --filter src/ --exclude-throw-branches \
    --html-details build/coverage/index.html --print-summary --txt build/coverage/coverage.txt
sed -n '/^File/,$p' build/coverage/coverage.txt
