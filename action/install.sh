#!/usr/bin/env bash
# Installs sslfix into an environment of its own for action.yml: the project's Python is what is
# judged, and may be too old, without pip or externally managed. Runs on bash 3.2 (macOS).
set -euo pipefail

home="$RUNNER_TEMP/sslfix-${INPUT_VERSION:-action}"
package="$GITHUB_ACTION_PATH"
[ -z "${INPUT_VERSION:-}" ] || package="sslfix==$INPUT_VERSION"

# Not the workspace: uv would read its settings and python its modules. Nor what the job sets for
# the project's own installations.
cd "$RUNNER_TEMP"
unset PYTHONPATH PYTHONHOME PIP_CONSTRAINT PIP_REQUIREMENT PIP_TARGET PIP_PREFIX PIP_USER \
  PIP_REQUIRE_VIRTUALENV UV_CONSTRAINT UV_OVERRIDE UV_SYSTEM_PYTHON UV_PROJECT_ENVIRONMENT

programs() {
  type -ap python3 python python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 || true
  ls -d "${RUNNER_TOOL_CACHE:-/nowhere}"/Python/3.*/*/{bin/python3,python.exe} 2>/dev/null || true
}

# usable MODULES: the first Python that is new enough and has these modules.
usable() {
  local program
  while IFS= read -r program; do
    if "$program" -c "import sys, ssl, venv, $1; sys.exit(sys.version_info < (3, 9))" \
      >/dev/null 2>&1; then
      printf '%s' "$program"
      return
    fi
  done <<< "$(programs)"
}

inside() {
  if [ -e "$home/Scripts/python.exe" ]; then
    printf '%s' "$home/Scripts/python.exe"
  else
    printf '%s' "$home/bin/python"
  fi
}

if [ ! -e "$home/.installed" ]; then
  rm -rf "$home"
  if command -v uv >/dev/null; then
    uv venv --quiet --python '>=3.9' "$home"
    uv pip install --quiet --python "$(inside)" "$package"
  elif python="$(usable ensurepip)" && [ -n "$python" ]; then
    "$python" -m venv "$home"
    "$(inside)" -m pip install --quiet --disable-pip-version-check "$package"
  elif python="$(usable pip)" && [ -n "$python" ]; then # a Debian without python3-venv
    "$python" -m venv --without-pip "$home"
    "$python" -m pip --python "$(inside)" install --quiet --disable-pip-version-check "$package"
  else
    echo "::error title=sslfix::sslfix needs a Python from 3.9 on with ssl and venv to run, or uv, and" \
      "found neither. Add astral-sh/setup-uv or actions/setup-python before this step, or install" \
      "python3-venv. The Python that is judged may be any other."
    exit 2
  fi
  : > "$home/.installed"
fi
echo "python=$(inside)" >> "$GITHUB_OUTPUT"
