#!/usr/bin/env bash
# What the benchmark needs beyond `make setup`: wrk, and the rivals in an environment of their own.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "$*"; }

if ! command -v wrk >/dev/null; then
    say "安装 wrk / installing wrk"
    as_root=()
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -v; then
            say "压测需要 Debian 软件包 wrk: 请用 root 或 sudo 运行。 / The benchmark needs the Debian package wrk: run this as root or with sudo." >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -qq -y --no-install-recommends wrk
fi

UV_PROJECT_ENVIRONMENT=build/bench/venv UV_PYTHON_DOWNLOADS=never \
    .venv/bin/uv sync -q --frozen --group bench --compile-bytecode --system-certs --python .venv/bin/python
