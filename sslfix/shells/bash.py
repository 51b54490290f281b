"""Completion for bash, from 3.2 on (macOS), with or without the package bash-completion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import Argument, Command, Words

# Words are taken from the line: COMP_WORDS splits `python:3.9` and `--format=json` (bash's manual,
# COMP_WORDBREAKS), and what is completed behind a colon replaces only what stands behind it.
_SCRIPT = """\
# bash completion for sslfix: eval "$(sslfix completion bash)"
_sslfix_words() {{
    case $1 in
{words}
    esac
}}
_sslfix() {{
    local line=${{COMP_LINE:0:COMP_POINT}} words cur prev reply command=check
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cur=${{words[${{#words[@]}}-1]}}
    prev=${{words[${{#words[@]}}-2]}}
    [[ $cur == --*=* ]] && prev=${{cur%%=*}} cur=${{cur#*=}}
    COMPREPLY=()
    [[ $line == *" -- "* && $cur == -* ]] && return
    if (( ${{#words[@]}} > 2 )); then
        case ${{words[1]}} in {names}) command=${{words[1]}} ;; esac
    fi
    case "$command $prev" in
{values}
    esac
    case "$command $cur" in
{options}
        *)
            case $command in
{positionals}
            esac
            (( ${{#words[@]}} == 2 )) && reply="{listed}" ;;
    esac
    COMPREPLY=($(compgen -W "$reply" -- "$cur"))
    _sslfix_behind_colon
}}
_sslfix_behind_colon() {{
    [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]] || return
    local i
    for i in "${{!COMPREPLY[@]}}"; do COMPREPLY[i]=${{COMPREPLY[i]#"${{cur%"${{cur##*:}}"}}"}}; done
}}
complete -o default -F _sslfix sslfix
"""


def render(commands: Sequence[Command], words: Words) -> str:
    """The script that bash reads."""
    return _SCRIPT.format(
        words="\n".join(
            f'        {kind}) echo "{" ".join(own)}" ;;' for kind, own in words.items()
        ),
        names="|".join(one.name for one in commands),
        listed=" ".join(one.name for one in commands),
        values="\n".join(_values(commands, words)),
        options="\n".join(
            f'        "{one.name} "-*) reply="{" ".join(_flags(one))}" ;;' for one in commands
        ),
        positionals="\n".join(_positionals(commands, words)),
    )


def _flags(command: Command) -> list[str]:
    return [flag for one in command.options for flag in one.flags]


def _values(commands: Sequence[Command], words: Words) -> Iterator[str]:
    """What follows an option: its words, or files, which are bash's own affair."""
    for command in commands:
        for option in command.options:
            if option.value:
                pattern = "|".join(f'"{command.name} {flag}"' for flag in option.flags)
                yield f"        {pattern}) {_found(option, words)} ;;"


def _found(argument: Argument, words: Words) -> str:
    complete = 'COMPREPLY=($(compgen -W "{}" -- "$cur")); _sslfix_behind_colon; return'
    if argument.choices:
        return complete.format(" ".join(argument.choices))
    if argument.kind in words:
        return complete.format(f"$(_sslfix_words {argument.kind})")
    return "return"


def _positionals(commands: Sequence[Command], words: Words) -> Iterator[str]:
    for command in commands:
        argument = command.positional
        if argument and argument.kind == "programs":
            yield f'                {command.name}) COMPREPLY=($(compgen -c -- "$cur")); return ;;'
        elif argument and (argument.choices or argument.kind in words):
            text = " ".join(argument.choices) or f"$(_sslfix_words {argument.kind})"
            yield f'                {command.name}) reply="{text}" ;;'
