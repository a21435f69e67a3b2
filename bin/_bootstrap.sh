# Sourced by bin/up, bin/test, bin/bench: system packages and the locked virtual environment.
# Second runs cost only a few file checks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONDONTWRITEBYTECODE="" LANG="${LANG:-C.UTF-8}"

say() { printf '\033[1;36m==>\033[0m %s\n' "$*"; }
die() { printf '\033[1;31mstopped:\033[0m %s\n' "$*" >&2; exit 1; }

APT_RUNTIME=(python3 python3-venv postgresql-15 postgresql-15-postgis-3 gdal-bin redis-server mosquitto nginx-light gettext
  fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 ca-certificates)
APT_DEV=(chromium rabbitmq-server curl)

install_apt() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || die "packages are missing (${missing[*]}) and apt-get is not here: install them and run again"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "packages are missing: ask an administrator to run: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing system packages: ${missing[*]}"
  # Debian starts a service on installation; ours are private, so nothing is to be started on the system's behalf.
  local policy=/usr/sbin/policy-rc.d made_policy=""
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null; "${sudo[@]}" chmod 755 "$policy"; made_policy=1
  fi
  local failed=""
  "${sudo[@]}" apt-get update -q || failed=1
  [ -n "$failed" ] || "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" || failed=1
  [ -z "$made_policy" ] || "${sudo[@]}" rm -f "$policy"
  [ -z "$failed" ] || die "apt-get could not install ${missing[*]}: see its message above, mend it (network? sources.list?) and run again"
}

install_python() { # lock file
  local lock=$1 stamp=.venv/.lock-stamp wanted
  wanted="$(sha256sum "$lock" | cut -d' ' -f1)"
  [ -f "$stamp" ] && grep -qx "$wanted" "$stamp" && return 0
  local python
  for python in python3.13 python3.12 python3.11 python3; do
    command -v "$python" >/dev/null && "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
  done
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer with venv is needed"
  if command -v uv >/dev/null; then
    say "Python dependencies (uv, $lock)"
    [ -x .venv/bin/python ] || uv venv --quiet --python "$python" .venv
    uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock" || die "uv could not install $lock"
  else
    say "Python dependencies (pip, $lock): a minute or two the first time"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock" || die "pip could not install $lock: see above"
  fi
  # dev.lock contains runtime.lock, so both stamps hold after it.
  { echo "$wanted"; [ "$lock" != requirements/dev.lock ] || sha256sum requirements/runtime.lock | cut -d' ' -f1; } > "$stamp"
}

stack() { PYTHONPATH="$PWD/bin${PYTHONPATH:+:$PYTHONPATH}" .venv/bin/python -m stack "$@"; }
