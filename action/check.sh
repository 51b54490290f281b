#!/usr/bin/env bash
# Runs the check of action.yml. What was put in comes as variables and becomes whole arguments, so
# nothing in it is ever part of a script.
set -euo pipefail

# lines TEXT [OPTION]: adds each line of the text to the arguments, after the option.
arguments=()
lines() {
  local line
  while IFS= read -r line; do
    line="${line%$'\r'}"
    if [ -n "${line// /}" ]; then
      [ -z "${2:-}" ] || arguments+=("$2")
      arguments+=("$line")
    fi
  done <<< "$1"
}

report="$RUNNER_TEMP/sslfix-report.json"
rm -f "$report"
arguments+=(--report "json=$report")
[ "$INPUT_ANNOTATIONS" != true ] || arguments+=(--format github)
if [ "$INPUT_SUMMARY" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  arguments+=(--report "markdown=$GITHUB_STEP_SUMMARY")
fi
sarif="${INPUT_SARIF_FILE%%[$'\r\n']*}"
[ -z "$sarif" ] || arguments+=(--report "sarif=$sarif")
lines "$INPUT_PYTHON" --python
lines "$INPUT_TARGETS" --target
lines "$INPUT_FAIL_ON" --fail-on
lines "$INPUT_ARGS"
arguments+=(--)
lines "$INPUT_PATHS"

code=0
"$SSLFIX_PYTHON" -I -m sslfix check "${arguments[@]}" || code=$?

{
  echo "exit-code=$code"
  if [ -s "$report" ]; then
    "$SSLFIX_PYTHON" -I -c 'if True:
      import json, sys
      with open(sys.argv[1], encoding="utf-8") as stream:
          summary = json.load(stream)["summary"]
      print("findings={}".format(summary["errors"] + summary["warnings"] + summary["notes"]))
      print("errors={}".format(summary["errors"]))' "$report"
  fi
  if [ -n "$sarif" ] && [ -e "$sarif" ]; then
    case "$INPUT_DIRECTORY:$sarif" in
      .:* | *:/*) echo "sarif-file=$sarif" ;;
      *) echo "sarif-file=$INPUT_DIRECTORY/$sarif" ;;
    esac
  fi
} >> "$GITHUB_OUTPUT"
exit "$code"
