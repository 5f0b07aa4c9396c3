#!/bin/sh
# Makes .venv with everything that building, testing and the demo need. Safe to run again; quick when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

# command:Debian package
tools="cc:gcc arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm
riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf qemu-system-riscv32:qemu-system-misc"
# What only some tests use, which skip without: not asked for where it cannot be installed.
optional="arduino-builder:arduino-builder openocd:openocd dfu-util:dfu-util st-flash:stlink-tools bossac:bossa-cli
avrdude:avrdude"

# Packages of the commands among the arguments that are not there.
lacking() {
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || printf ' %s' "${pair##*:}"
    done
}
# shellcheck disable=SC2086
missing=$(lacking $tools)
# shellcheck disable=SC2086
wanted=$(lacking $optional)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
python3 -c 'import os, sysconfig; raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
    missing="$missing python3-dev"

if [ -n "$missing$wanted" ]; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
    if command -v apt-get >/dev/null 2>&1 && $as_root true 2>/dev/null; then
        echo "installing system packages:$missing$wanted"
        $as_root apt-get update -qq >/dev/null || true
        # shellcheck disable=SC2086
        [ -z "$missing" ] || $install $missing >/dev/null
        for package in $wanted; do
            $install "$package" >/dev/null 2>&1 || echo "$package is not to be had; its tests will skip"
        done
    elif [ -n "$missing" ]; then
        echo "please install these Debian/Ubuntu packages (or your system's equivalents), then run make again:$missing" >&2
        exit 1
    fi
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python - <<'PY' || { echo "rillet needs Python 3.10 or newer" >&2; exit 1; }
import sys
raise SystemExit(sys.version_info < (3, 10))
PY
echo "installing Python packages into .venv"
.venv/bin/python -m pip install -q --disable-pip-version-check cmake ninja cffi "scikit-build-core>=0.10"
.venv/bin/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[dev]'
