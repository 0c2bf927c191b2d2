#!/usr/bin/env bash
# Makes sure that what is needed is there: tools/setup.sh [build] [python] [test].
# build: the library and the program; python: the package; test: tests and checks.
# On Debian and its kin, what is missing is installed by apt; elsewhere it is named.
set -euo pipefail

BUILD_PACKAGES=(build-essential cmake ninja-build pkg-config
    libsqlite3-dev libsnappy-dev libzstd-dev zlib1g-dev libzip-dev libssl-dev)
PYTHON_PACKAGES=(python3-dev python3-venv)
TEST_PACKAGES=(libcmocka-dev clang clang-tidy clang-format 'libclang-rt-14-dev|libclang-rt-dev' strace
    xfsprogs e2fsprogs mount)

# Commands and pkg-config modules that stand for them where there is no dpkg.
BUILD_COMMANDS=(cc c++ cmake ninja pkg-config)
BUILD_MODULES=(sqlite3 snappy libzstd zlib libzip libcrypto)
PYTHON_COMMANDS=(python3)
PYTHON_MODULES=(python3)
TEST_COMMANDS=(clang clang-tidy clang-format python3)
TEST_MODULES=(cmocka)

packages=()
commands=()
modules=()
for what in "$@"; do
    case $what in
        build) packages+=("${BUILD_PACKAGES[@]}") commands+=("${BUILD_COMMANDS[@]}") modules+=("${BUILD_MODULES[@]}") ;;
        python) packages+=("${PYTHON_PACKAGES[@]}") commands+=("${PYTHON_COMMANDS[@]}") modules+=("${PYTHON_MODULES[@]}") ;;
        test) packages+=("${TEST_PACKAGES[@]}") commands+=("${TEST_COMMANDS[@]}") modules+=("${TEST_MODULES[@]}") ;;
        *) echo "setup: '$what' is none of build, python and test" >&2 && exit 2 ;;
    esac
done

# Prints the Debian packages that are not installed; of alternatives (a|b) any will do, the last is installed.
missing_packages() {
    local package name found
    for package in "$@"; do
        found=
        for name in ${package//|/ }; do
            [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null) != ii* ]] || found=1
        done
        [[ -n $found ]] || echo "${package##*|}"
    done
}

# Prints the commands and libraries that are not found.
missing_elsewhere() {
    local name
    for name in "${commands[@]}"; do
        command -v "$name" >/dev/null || echo "$name"
    done
    for name in "${modules[@]}"; do
        pkg-config --exists "$name" 2>/dev/null || echo "$name"
    done
}

install_by_apt() {
    local as_root=()
    if [[ $(id -u) -ne 0 ]]; then
        if ! command -v sudo >/dev/null; then
            echo "setup: packages are missing and installing them needs root; run as root:" >&2
            echo "    apt-get update && apt-get install -y --no-install-recommends $*" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "setup: installing $*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

say_what_to_install() {
    echo "setup: not found: $*" >&2
    case $(uname -s) in
        Darwin) echo "setup: brew install cmake ninja pkg-config sqlite snappy zstd zlib libzip openssl@3 python cmocka llvm" >&2 ;;
        MINGW* | MSYS* | CYGWIN*) echo "setup: vcpkg install (vcpkg.json names the libraries), and CMake, Ninja and Python" >&2 ;;
        *) echo "setup: install them by your system's package manager; Debian calls them: ${packages[*]}" >&2 ;;
    esac
    exit 1
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    mapfile -t missing < <(missing_packages "${packages[@]}")
    [[ ${#missing[@]} -eq 0 ]] || install_by_apt "${missing[@]}"
else
    mapfile -t missing < <(missing_elsewhere)
    [[ ${#missing[@]} -eq 0 ]] || say_what_to_install "${missing[@]}"
fi
