#!/usr/bin/env bash
# Prints the C files that are ours, in a fixed order.
set -euo pipefail
cd "$(dirname "$0")/.."
find include src tests fuzz bench -name '*.[ch]' | LC_ALL=C sort
