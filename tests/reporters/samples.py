"""Reports made by hand, for the tests of the reporters."""

from __future__ import annotations

from sslfix import rules
from sslfix.formats import requirements
from sslfix.model import (
    Applicability,
    DependencyFile,
    Document,
    Edit,
    Environment,
    Facts,
    Finding,
    Fix,
    Interpreter,
    Level,
    Problem,
    Report,
    Rule,
    Span,
    SslLibrary,
)

HOSTILE = (
    "@octocat #1 !2 GH-3 <img src=x onerror=alert(1)> [a](javascript:b) `x` ``y`` | $z$ ~q",
    "::error file=x::y\n##[group]a %0A%25 \r::set-output name=a::b",
    "\x00\x1b[31m\x9b\x7f\ud800\udcff\ufffe\u202e]]>&amp;<!--",
    "https://evil.example/ www.evil.example a@b.example ![i](//e) {0} \\ \\[ ](1)",
    "\u2028\u2029\u0085\N{PILE OF POO}é\t\N{ZERO WIDTH SPACE}",
    "",
    "-" * 5000,
)


def rule(id_: str = "SSL101") -> Rule:
    found = rules.find(rules.load(), id_)
    assert found is not None
    return found


def requirements_file(text: str, path: str = "requirements.txt") -> DependencyFile:
    return requirements.FORMAT.read(Document(path, text))


def interpreter(id_: str = "i1", environment: Environment | None = None) -> Interpreter:
    library = SslLibrary.parse("LibreSSL 2.8.3")
    return Interpreter(
        id_, "/usr/bin/python3", "3.9.6", "cpython", {}, library, environment=environment
    )


def finding(
    file: DependencyFile,
    name: str = "urllib3",
    *,
    id_: str = "SSL101",
    level: Level = Level.ERROR,
    status: str = "open",
    judge: str = "i1",
    detail: str = "refuses LibreSSL 2.8.3",
) -> Finding:
    """The finding on a declaration of the file, with the edit that replaces its specifier."""
    declaration = next(one for one in file.declarations if one.name == name)
    span = declaration.specifier_span or Span(0, 0)
    edit = Edit(file.document.path, span, ">=2.0.3,<3")
    return Finding(
        rule=rule(id_),
        case=rule(id_).cases[0],
        level=level,
        message=f"{name} {declaration.version} cannot be imported here",
        detail=detail,
        interpreter=judge,
        locations=(file.document.locate(declaration.span),),
        distribution=name,
        version=declaration.version,
        subject=declaration,
        fix=Fix(f"{name}>=2.0.3,<3", Applicability.SAFE, (edit,), "2.0.3 only warns"),
        status=status,
    )


def report(
    *findings: Finding,
    files: tuple[DependencyFile, ...] = (),
    problems: tuple[Problem, ...] = (),
    environment: Environment | None = None,
    root: str = "",
) -> Report:
    facts = Facts((interpreter(environment=environment),), files)
    return Report(facts, findings, problems, root=root)


def typical() -> Report:
    """One of each: open, withheld, fixed, ignored, a note, and something that was not checked."""
    file = requirements_file(
        "requests\nurllib3==2.0.2\nä==1  # é\nbotocore==1.0\nsix==1\nidna==1\n"
    )
    withheld = finding(file, "requests", level=Level.WARNING, status="withheld")
    return report(
        finding(file),
        withheld._replace(withheld="it was tried and did not hold", left_to_run="pip install x"),
        finding(file, "botocore", status="fixed"),
        finding(file, "six", status="ignored")._replace(
            ignored_by="configuration", withheld="until the move"
        ),
        finding(file, "idna", id_="SSL102", level=Level.NOTE),
        files=(file,),
        problems=(Problem("Pipfile.lock", 3, "is not JSON"), Problem(".", None, "no Python")),
    )._replace(left_to_do=("pipenv sync",))


def hostile(text: str) -> Report:
    """A report that has the text wherever a repository can put one."""
    file = requirements_file(f"urllib3==2.0.2\n{text}\n", f"a/{text}/requirements.txt")
    one = finding(file)
    fix = one.fix
    assert fix is not None
    place = one.locations[0]._replace(note=text, snippet=text)
    elsewhere = place._replace(path=f"/{text}")
    told = one._replace(
        message=f"{text} cannot be imported",
        detail=text,
        distribution=text,
        locations=(place, elsewhere),
        withheld=text,
        left_to_run=text,
        fix=fix._replace(title=text, why=text),
    )
    return report(
        told,
        *(told._replace(status=status) for status in ("withheld", "fixed", "ignored")),
        files=(file,),
        problems=(Problem(text, 1, text), Problem(f"b/{text}", None, text)),
        environment=Environment(text),
    )._replace(left_to_do=(text,), elsewhere=(text,))
