#!/usr/bin/env bash
# Checks that every header compiles alone, and twice: tools/check_headers.sh [tree].
# Public ones as C11 by gcc and clang and as C++17, those of src/ as C11.
set -euo pipefail
tree=$(cd "${1:-$(dirname "$0")/..}" && pwd)
cd "$tree"

# Of the extension: those of the interpreter that the tests run on.
python=build/venv/bin/python
[[ -x $python ]] || python=python3
python_include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')

WARNINGS=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
failed=0

# compile HEADER COMPILER LANGUAGE STANDARD
compile() {
    if ! printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
        "$2" -x "$3" -std="$4" "${WARNINGS[@]}" -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc -isystem "$python_include" -fsyntax-only -; then
        echo "$1: does not compile alone as $4 by $2" >&2
        failed=1
    fi
}

count=0
while IFS= read -r header; do
    count=$((count + 1))
    name=${header#include/}
    name=${name#src/}
    compile "$name" gcc c c11
    if [[ $header == include/* ]]; then
        compile "$name" clang c c11
        compile "$name" g++ c++ c++17
        compile "$name" clang++ c++ c++17
    fi
done < <(find include src -name '*.h' | LC_ALL=C sort)

[[ $failed -eq 0 ]] || exit 1
echo "headers: ok ($count)"
