#!/usr/bin/env bash
# Makes build/venv from tests/requirements.txt, once: again only when the requirements or the interpreter change.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=build/venv
REQUIREMENTS=tests/requirements.txt
OLDEST='(3, 11)' # of the fixed versions

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
print(sys.version, hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$REQUIREMENTS")
if [[ -f $VENV/stamp && $(cat "$VENV/stamp") == "$stamp" ]]; then
    exit 0
fi

echo "venv: making $VENV with $("$python" --version)"
rm -rf "$VENV"
"$python" -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$REQUIREMENTS"
echo "$stamp" >"$VENV/stamp"
