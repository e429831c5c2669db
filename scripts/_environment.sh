# Sourced by scripts/run and scripts/test: the virtual environment and what the system lacks.
# Needs bash with `set -euo pipefail`; gives $root, $venv, say, fail, need_environment, need_browser, need_socat,
# need_systemd, need_victoria_metrics, need_prometheus.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="${TELEMETRYD_VENV:-$root/.venv}"
if [[ "$venv" != /* ]]; then venv="$PWD/$venv"; fi

say() { printf '== %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Print the first Python that is new enough and can make a virtual environment.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.11 python3.12 python3.13; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# need_environment run|test: leave $venv with the package and what that profile needs.
# A stamp named after the contents of setup.cfg makes the second time instant.
need_environment() {
    local profile="$1" key python target="$root"
    key="$(cat "$root/setup.cfg" "$root/pyproject.toml" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-16)"
    # One that was moved or copied still names the place it was made for.
    if "$venv/bin/python" -c '' 2>/dev/null && grep -qF "$venv/bin/python" "$venv/bin/pip" 2>/dev/null; then
        # Whatever the tests need includes what a run needs.
        if [[ -e "$venv/.$profile-$key" || -e "$venv/.test-$key" ]]; then return; fi
    else
        if [[ -n "$(ls -A "$venv" 2>/dev/null)" && ! -e "$venv/pyvenv.cfg" ]]; then fail "expected a virtual environment or nothing at $venv, found something else"; fi
        python="$(find_python)" || { apt_install python3 python3-venv && python="$(find_python)"; } \
            || fail "expected Python 3.11 or newer with venv (Debian: apt install python3-venv), found none; PYTHON=/path names another"
        say "making a virtual environment in $venv with $python"
        "$python" -m venv --clear "$venv" || fail "the virtual environment could not be made; the lines above say why"
    fi
    if [[ "$profile" == test ]]; then target="$root[test,bench]"; fi
    say "installing telemetryd and what it needs; the first time takes a minute or two"
    pip_install --editable "$target"
    if [[ "$profile" == test ]]; then
        # A real WAL to test the hooks against. Without its dependencies: a test loads only modules
        # that need what is installed already (pyarrow, requests).
        pip_install --no-deps "ipfs_kit_py==0.3.0"
        # What looks for accessibility faults in the dashboard.
        command -v npm >/dev/null || apt_install npm || fail "expected npm, found none (Debian: apt install npm)"
        npm install --loglevel error --no-save --no-audit --no-fund --prefix "$venv/axe" axe-core@4.14.1 >/dev/null \
            || fail "npm could not install axe-core; its words are above (no network is the usual reason)"
    fi
    rm -f "$venv"/.run-* "$venv"/.test-*
    touch "$venv/.$profile-$key"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" \
        || fail "pip could not install $*; its words are above (no network is the usual reason)"
}

# Install packages with apt, where that is ours to do; the status says whether they are there now.
apt_install() {
    [[ "$(id -u)" == 0 ]] && command -v apt-get >/dev/null || return 1
    say "installing $* with apt"
    apt-get install -qq -y "$@" >/dev/null 2>&1 && return
    apt-get update -qq >/dev/null 2>&1 && apt-get install -qq -y "$@" >/dev/null 2>&1
}

# Whether a browser is there that draws PNG and SVG: the names that telemetryd looks for.
have_browser() {
    local name
    for name in chromium-headless-shell chrome-headless-shell chromium chromium-browser google-chrome google-chrome-stable chrome; do
        if command -v "$name" >/dev/null; then return 0; fi
    done
    return 1
}

# Without one everything else works, and the daemon says the same as here.
need_browser() {
    have_browser || apt_install --no-install-recommends chromium-headless-shell \
        || say "no Chromium found: charts are drawn as HTML and JSON only until there is one (Debian: apt install chromium-headless-shell)"
}

# socat is only for trying the socket by hand: without it everything else works.
need_socat() {
    command -v socat >/dev/null || apt_install socat || say "socat is missing, which only the lines to try need: apt install socat"
}

# Its tools judge the units, and tests run them under a systemd that sees nothing else. Where another is the first
# process, as in a container, installing it starts nothing.
need_systemd() {
    command -v systemd-analyze >/dev/null || apt_install --no-install-recommends systemd \
        || say "systemd is missing: what judges and runs the units fails (Debian: apt install systemd)"
}

# VictoriaMetrics is only for scripts/bench, which does without.
need_victoria_metrics() {
    unpacked victoria-metrics usr/bin/victoria-metrics \
        || say "VictoriaMetrics could not be had from Debian's archive: its line stays empty"
}

# A real Prometheus, with its promtool, to test GET /metrics against.
need_prometheus() {
    unpacked prometheus usr/bin/promtool \
        || say "Prometheus could not be had from Debian's archive: the tests that scrape with it fail (Debian: apt install prometheus)"
}

# unpacked PACKAGE FILE: have a Debian package in a folder of $venv, unpacked and not installed: these start services.
# Where FILE's name is a command already, that will do.
unpacked() {
    local folder="$venv/$1"
    if command -v "${2##*/}" >/dev/null || [[ -x "$folder/$2" ]]; then return; fi
    mkdir -p "$folder"
    (cd "$folder" && { apt-get download -qq "$1" || { apt-get update -qq && apt-get download -qq "$1"; }; } >&2 \
        && dpkg-deb --extract "$1"_*.deb . && rm "$1"_*.deb)
}
