#!/usr/bin/env bash
# Sets everything up: the service's environment (.venv), Rasa's (bot/.venv), the trained models.
# Quick when nothing has changed: what was installed from which requirements is noted beside each environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
began=$SECONDS

say() { printf '%6s s  %s\n' "$((SECONDS - began))" "$*" >&2; }
stop() { printf '\nguidepost: %s\n' "$*" >&2; exit 2; }

find_uv() {
  if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
  if [ ! -x var/tools/bin/uv ]; then
    local python
    python=$(command -v python3) || stop "There is no python3 on PATH. Install Python 3.11 or newer and call make again."
    say "fetching uv (the installer) ..."
    "$python" -m venv var/tools >&2 || stop "python3 cannot make a virtual environment. On Debian: apt-get install python3-venv."
    var/tools/bin/pip install -q uv >&2 || stop "uv could not be fetched by pip; install uv by hand and call make again."
  fi
  echo "$PWD/var/tools/bin/uv"
}

# A Python of this version (3.10), or of at least it (3.11+): on PATH, under ~/.pyenv, or fetched by uv where it can.
find_python() { # "3.10" or "3.11 3.12 3.13"
  local version found
  for version in $1; do
    for found in "$(command -v "python$version" 2>/dev/null)" "$HOME"/.pyenv/versions/"$version"*/bin/python; do
      if [ -n "$found" ] && [ -x "$found" ] && "$found" -c 'import sys, venv' 2>/dev/null &&
        [ "$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ]; then
        echo "$found"; return
      fi
    done
  done
  for version in $1; do
    if "$uv" python install -q "$version" 2>/dev/null && found=$("$uv" python find "$version" 2>/dev/null); then
      echo "$found"; return
    fi
  done
  return 1
}

install() { # folder, requirements, python, what it is
  local folder=$1 requirements=$2 python=$3 what=$4 stamp
  stamp=$(cksum <"$requirements" | tr ' ' -)-$("$python" -c 'import platform; print(platform.python_version())')
  if [ -x "$folder/bin/python" ] && [ "$(cat "$folder/.installed" 2>/dev/null)" = "$stamp" ]; then return; fi
  say "installing $what ..."
  rm -rf "$folder"
  "$uv" venv -q --python "$python" "$folder"
  "$uv" pip install -q --python "$folder/bin/python" --require-hashes --no-deps -r "$requirements" ||
    stop "$what could not be installed; the reason stands above. Is the package registry within reach?"
  echo "$stamp" >"$folder/.installed"
  say "$what installed ($(du -sh "$folder" | cut -f1))"
}

uv=$(find_uv)
modern=$(find_python "3.11 3.12 3.13") ||
  stop "No Python 3.11 or newer found. Install one (for example with: uv python install 3.11) and call make again."
old=$(find_python "3.10") ||
  stop "Rasa 3.6 needs Python 3.10, and none was found on PATH or under ~/.pyenv/versions. Install it (for example with:
  uv python install 3.10, or pyenv install 3.10) and call make again."

install .venv tests/requirements.txt "$modern" "the service's environment"
install bot/.venv bot/requirements.txt "$old" "Rasa's environment (about 2 GB)"

# The project itself: importable from where it lies, and the command `guidepost`.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$PWD" >"$site/guidepost.pth"
printf '#!%s\nfrom casework.commands import main\n\nif __name__ == "__main__":\n    main()\n' "$PWD/.venv/bin/python" >.venv/bin/guidepost
chmod +x .venv/bin/guidepost

.venv/bin/guidepost prepare >&2
say "set up"
