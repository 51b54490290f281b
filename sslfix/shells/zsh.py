"""Completion for zsh, from 5.0 on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from . import Argument, Command, Words

# https://zsh.sourceforge.io/Doc/Release/Completion-System.html#Completion-Functions (_arguments)
_SCRIPT = """\
#compdef sslfix
# zsh completion for sslfix: eval "$(sslfix completion zsh)" after compinit, or as _sslfix in $fpath
{words}
_sslfix_names() {{
    local -a own=(
{listed}
    )
    _describe -t commands command own
}}
{functions}
_sslfix() {{
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _alternative 'commands:command:_sslfix_names' 'files:file:_files'
        return
    fi
    case $words[2] in
        {names}) (( CURRENT-- )); shift words; "_sslfix_$words[1]" ;;
        *) _sslfix_check ;;
    esac
}}
if [[ $funcstack[1] == _sslfix ]]; then _sslfix "$@"; else compdef _sslfix sslfix; fi"""


def render(commands: Sequence[Command], words: Words) -> str:
    """The script that zsh reads."""
    texts = {one.name: one.help for one in commands}
    return _SCRIPT.format(
        words="\n".join(_function(kind, own) for kind, own in words.items()),
        listed=_pairs(texts),
        functions="\n".join(_command(one, words) for one in commands),
        names="|".join(texts),
    )


def _function(kind: str, words: Mapping[str, str]) -> str:
    lines = f"    local -a own=(\n{_pairs(words)}\n    )\n    _describe -t {kind} {kind} own"
    return f"__sslfix_{kind}() {{\n{lines}\n}}"


def _pairs(words: Mapping[str, str]) -> str:
    """Words with their texts, as `_describe` takes them."""
    pairs = (f"{_colons(one)}:{text}" for one, text in words.items())
    return "\n".join(f"        {_quoted(one)}" for one in pairs)


def _command(command: Command, words: Words) -> str:
    """The function that completes the arguments of a command."""
    specs = [one for argument in command.arguments for one in _specs(argument, words)]
    lines = " \\\n".join(f"        {_quoted(one)}" for one in specs)
    return f"_sslfix_{command.name}() {{\n    _arguments -s -S \\\n{lines}\n}}"


def _specs(argument: Argument, words: Words) -> list[str]:
    """What `_arguments` takes for an argument, one for each of its flags."""
    value = f":{_colons(argument.value)}:{_action(argument, words)}" if argument.value else ""
    if argument.kind == "programs":  # whose own words follow
        return [f"*:{value}"]
    if not argument.flags:
        return [f"*{value}" if argument.repeats else value]
    others = "*" if argument.repeats else f"({' '.join(argument.flags)})"
    text = re.sub(r"([\[\]\\:])", r"\\\1", argument.help)
    return [
        f"{others}{flag}{'=' if value and flag[1] == '-' else '+' if value else ''}[{text}]{value}"
        for flag in argument.flags
    ]


def _action(argument: Argument, words: Words) -> str:
    if argument.choices:
        return f"({' '.join(argument.choices)})"
    if argument.kind in words:
        return f"__sslfix_{argument.kind}"
    return {"files": "_files", "programs": "_normal"}.get(argument.kind, "")


def _colons(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
