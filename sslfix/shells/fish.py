"""Completion for fish, from 3.0 on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from . import Argument, Command, Words

_SCRIPT = """\
# fish completion for sslfix: sslfix completion fish | source
function __sslfix_is
    set -l words (commandline -opc)
    set -l command check
    if set -q words[2]; and contains -- $words[2] {names}
        set command $words[2]
    end
    contains -- $command $argv
end
function __sslfix_begins
    test (count (commandline -opc)) -eq 1
end
{lines}"""


def render(commands: Sequence[Command], words: Words) -> str:
    """The script that fish reads."""
    lines = [_function(kind, own) for kind, own in words.items()]
    for command in commands:
        own = f"-n __sslfix_begins -a {command.name} -d {_quoted(command.help)}"
        lines += [f"complete -c sslfix {own}", *_completions(command, words)]
    names = " ".join(one.name for one in commands)
    return _SCRIPT.format(names=names, lines="\n".join(lines))


def _function(kind: str, words: Mapping[str, str]) -> str:
    """What prints words of a kind, each with its text behind a tab."""
    said = "\n".join(f"        {_quoted(one)} {_quoted(text)} \\" for one, text in words.items())
    return f"function __sslfix_{kind}\n    printf '%s\\t%s\\n' \\\n{said[:-2]}\nend"


def _completions(command: Command, words: Words) -> Iterator[str]:
    for one in command.arguments:
        condition = f"complete -c sslfix -n '__sslfix_is {command.name}'"
        if one.flags:
            flags = " ".join(
                f"{'-l' if flag[1] == '-' else '-s'} {flag.lstrip('-')}" for flag in one.flags
            )
            yield f"{condition} {flags}{_value(one, words)} -d {_quoted(one.help)}"
        elif one.choices or one.kind != "files":
            yield f"{condition} -f{_listed(one, words)}"


def _value(option: Argument, words: Words) -> str:
    """Whether an option has a value: files (-F), or nothing but what is listed (-x)."""
    if not option.value:
        return ""
    return " -r -F" if option.kind == "files" else f" -x{_listed(option, words)}"


def _listed(argument: Argument, words: Words) -> str:
    if argument.choices:
        return f" -a {_quoted(' '.join(argument.choices))}"
    if argument.kind == "programs":
        return " -a '(__fish_complete_subcommand --fcs-skip=2)'"
    return f" -a '(__sslfix_{argument.kind})'" if argument.kind in words else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
