#!/usr/bin/env bash
# Tries the wheel in build/dist on Pythons that make test may not find (tests/package tries those that it does): those of other
# Debian suites, each in a folder of its own, with that suite's C library. Needs root, debootstrap and the network; takes minutes.
#   tools/python_versions.sh [SUITE…]     trixie (3.13) and forky (3.14) where none is named
set -euo pipefail
cd "$(dirname "$0")/.."

MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
ROOTS=build/python-versions

[[ $(id -u) -eq 0 ]] || { echo "python_versions: needs root, for chroot" >&2 && exit 2; }
command -v debootstrap >/dev/null || { echo "python_versions: apt-get install debootstrap" >&2 && exit 2; }
ls build/dist/*.whl >/dev/null 2>&1 || { echo "python_versions: no wheel in build/dist: make wheel" >&2 && exit 2; }

# What runs inside: a fresh environment, the wheel and nothing else.
inside() {
    cat <<'INSIDE'
set -e
cd /try
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-index --disable-pip-version-check *.whl
mkdir work
cd work
/try/venv/bin/python -X dev -W error ../smoke.py
INSIDE
}

# The suite's script may be newer than this debootstrap: all suites are made as sid is.
fetch() {
    local root=$1 suite=$2
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase --include=python3,python3-venv,libsqlite3-0 "$suite" "$root" "$MIRROR" sid >"$root.log" 2>&1 ||
        { tail -n 5 "$root.log" >&2 && rm -rf "$root" && return 1; }
}

try() {
    local root=$1
    rm -rf "$root/try"
    mkdir "$root/try"
    cp build/dist/*.whl tests/package/smoke.py "$root/try"
    inside >"$root/try/inside.sh"
    # The loader finds the libraries beside the program by /proc/self/exe; the mount ends with its namespace.
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root unshare --mount bash -ec \
        'mount -t proc proc "$0/proc" && exec chroot "$0" bash /try/inside.sh' "$root"
}

[[ $# -gt 0 ]] || set -- trixie forky
for suite in "$@"; do
    root=$ROOTS/$suite
    [[ -x $root/usr/bin/python3 ]] || fetch "$root" "$suite"
    said=$(try "$root") || { echo "$suite: failed" >&2 && exit 1; }
    echo "$suite: Python ${said% *}, $(chroot "$root" ldd --version | sed -n 's/.* \([0-9.]*\)$/glibc \1/p')"
done
