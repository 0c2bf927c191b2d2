#!/usr/bin/env bash
# Makes a Python environment, once: again only when its requirements or the interpreter change.
#   tools/venv.sh          build/venv from tests/requirements.txt: tests and checks
#   tools/venv.sh wheel    build/wheel-venv from tools/wheel_requirements.txt: building the wheel
set -euo pipefail
cd "$(dirname "$0")/.."

OLDEST='(3, 11)' # of the fixed versions

case ${1:-test} in
    test) venv=build/venv requirements=tests/requirements.txt ;;
    wheel) venv=build/wheel-venv requirements=tools/wheel_requirements.txt ;;
    *) echo "venv: '$1' is neither test nor wheel" >&2 && exit 2 ;;
esac

# Prints the first interpreter that is new enough and can make environments.
find_python() {
    local python
    for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        if "$python" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < $OLDEST)" 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "venv: no Python of 3.11 or later with venv and ensurepip is found; on Debian: apt-get install python3-venv" >&2
    exit 1
}

python=$(find_python)
stamp=$("$python" -c 'import hashlib, sys
print(sys.version, hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$requirements")
if [[ -f $venv/stamp && $(cat "$venv/stamp") == "$stamp" ]]; then
    exit 0
fi

echo "venv: making $venv with $("$python" --version)"
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$requirements"
echo "$stamp" >"$venv/stamp"
