from __future__ import annotations

import pytest

from sslfix.formats import _pep508, requirements
from sslfix.model import Declaration, DependencyFile, Document, Kind


def read(text: str, path: str = "requirements.txt", **variables: str) -> DependencyFile:
    return requirements.read(Document(path, text), variables)


def only(text: str, **variables: str) -> Declaration:
    file = read(text, **variables)
    assert (file.problems, len(file.declarations)) == ((), 1)
    return file.declarations[0]


def words(text: str, declaration: Declaration) -> tuple[str, str | None]:
    """What the two spans cover."""
    inner = declaration.specifier_span
    return text[slice(*declaration.span)], None if inner is None else text[slice(*inner)]


@pytest.mark.parametrize(
    ("text", "name", "specifier", "version"),
    [
        ("urllib3", "urllib3", "", None),
        ("urllib3==2.0.2", "urllib3", "==2.0.2", "2.0.2"),
        ("urllib3 == 2.0.2", "urllib3", "==2.0.2", "2.0.2"),
        ("urllib3===2.0.2", "urllib3", "===2.0.2", "2.0.2"),
        ("urllib3==2.0.*", "urllib3", "==2.0.*", None),
        ("urllib3==2.0.2,<3", "urllib3", "==2.0.2,<3", None),
        ("urllib3>=1.26,<2,", "urllib3", ">=1.26,<2,", None),
        ("urllib3 (>=1.26, <2)", "urllib3", ">=1.26,<2", None),
        ("urllib3~=1.26", "urllib3", "~=1.26", None),
        ("curl_cffi==0.5.10", "curl-cffi", "==0.5.10", "0.5.10"),
        ("PyOpenSSL==v17.0.0", "pyopenssl", "==v17.0.0", "v17.0.0"),
        ("Zope.Interface==4.4.1+local.1", "zope-interface", "==4.4.1+local.1", "4.4.1+local.1"),
        ("socketio==0.3.5-rc2", "socketio", "==0.3.5-rc2", "0.3.5-rc2"),
        ("one==1!2.0", "one", "==1!2.0", "1!2.0"),
        ("foo17--hash==1.0", "foo17-hash", "==1.0", "1.0"),
    ],
)
def test_name_and_specifier(text: str, name: str, specifier: str, version: str | None) -> None:
    one = only(text)
    assert (one.name, one.specifier, one.version) == (name, specifier, version)
    assert one.accepts == (specifier.rstrip(","),)


@pytest.mark.parametrize(
    ("text", "whole", "specifier"),
    [
        ("urllib3", "urllib3", ""),
        ("  urllib3  # why", "urllib3", ""),
        ("urllib3 >= 2 ,<3  # why", "urllib3 >= 2 ,<3", ">= 2 ,<3"),
        ("urllib3[socks] ; os_name == 'nt'", "urllib3[socks] ; os_name == 'nt'", ""),
        ("urllib3 (>=1) ;os_name=='nt'", "urllib3 (>=1) ;os_name=='nt'", ">=1"),
        ("urllib3==1;", "urllib3==1;", "==1"),
        ("urllib3==1 --hash=sha256:00", "urllib3==1", None),
        ("urllib3 @ https://x.example/u.zip", "urllib3 @ https://x.example/u.zip", None),
        ("\n#\\\nurllib3\\\n  >=1,\\\n  <2\n", "urllib3\\\n  >=1,\\\n  <2", ">=1,\\\n  <2"),
        ("\\\nurllib3==1\n", "urllib3==1", "==1"),
        ("urllib3 \\\n# a comment ends it\n==1", "urllib3", ""),
    ],
)
def test_spans(text: str, whole: str, specifier: str | None) -> None:
    one = read(text).declarations[0]
    assert words(text, one) == (whole, specifier)


def test_the_empty_specifier_stands_behind_the_name_or_the_extras() -> None:
    for text, end in [("urllib3 ; os_name=='nt'", 7), ("urllib3 [a] # c", 11), ("urllib3", 7)]:
        assert only(text).specifier_span == (end, end)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\r\n\r\nurllib3\r\n", 3),
        ("\r\r\n\r\r\nurllib3", 5),
        ("a \\\n --hash=sha256:0\nurllib3", 3),
        ("\\\nurllib3", 2),
        ("\n   \\\n\\\nurllib3==\\\n1", 4),
    ],
)
def test_the_line_is_that_of_the_name(text: str, line: int) -> None:
    file = read(text)
    assert file.document.position(file.declarations[-1].span.start)[0] == line


def test_extras_and_markers() -> None:
    one = only("urllib3[secure, socks]>=1 ; python_version < '3.8' and extra == \"a;b\" # why")
    assert one.extras == ("secure", "socks")
    assert one.marker == "python_version < '3.8' and extra == \"a;b\""


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("a==1 --hash=sha256:0", 1),
        ("a==1 --hash sha256:0 --hash=sha256:1", 2),
        ("a==1 \\\n    --hash=sha256:0\\\n    --hash=sha256:1\n# via b", 2),
        ("a==1 -C x=y --global-option='a b' --hash=sha256:0 stray", 1),
        ("a==1", 0),
    ],
)
def test_hashes_are_counted(text: str, hashes: int) -> None:
    assert only(text).hashes == hashes


@pytest.mark.parametrize(
    ("text", "name", "section", "extras", "url"),
    [
        ("a @ git+https://x.example/a.git@main", "a", "", (), "git+https://x.example/a.git@main"),
        ("a[b] @ file:///x/a.whl ; os_name=='nt'", "a", "", ("b",), "file:///x/a.whl"),
        ("a@ https://x.example/a.zip#md5=1", "a", "", (), "https://x.example/a.zip#md5=1"),
        ("git+ssh://git@x/a#egg=A_b", "a-b", "", (), "git+ssh://git@x/a#egg=A_b"),
        ("-e git+https://x/a#egg=a", "a", "editable", (), "git+https://x/a#egg=a"),
        ("--editable=./a#egg=a[b,c]", "a", "editable", ("b", "c"), "./a#egg=a[b,c]"),
        ("-e 'svn+svn://x/a#egg=a&x=y'", "a", "editable", (), "svn+svn://x/a#egg=a&x=y"),
        ("a@https://x/archive/1.26.8.zip", "a", "", (), "https://x/archive/1.26.8.zip"),
        ("a[b]@git+ssh://git@x/a@1.0", "a", "", ("b",), "git+ssh://git@x/a@1.0"),
        ("a @ https://x/b-1.0.tar.gz", "a", "", (), "https://x/b-1.0.tar.gz"),
    ],
)
def test_urls_and_paths_that_say_a_name(
    text: str, name: str, section: str, extras: tuple[str, ...], url: str
) -> None:
    one = only(text)
    assert (one.name, one.section, one.extras, one.url) == (name, section, extras, url)
    assert (one.accepts, one.version, one.specifier_span) == ((), None, None)


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("urllib3@https://x/urllib3-2.2.3.tar.gz", "urllib3", "2.2.3"),
        ("urllib3 @ https://x/urllib3-2.2.3-py3-none-any.whl", "urllib3", "2.2.3"),
        ("Urllib3[a] @ file:///x/urllib3-2.2.3.zip#sha256=0 ; os_name=='nt'", "urllib3", "2.2.3"),
        ("./one_two-1.0-py3-none-any.whl", "one-two", "1.0"),
        ("./one_two-1.0-py3-none-any.whl[a]", "one-two", "1.0"),
        ("C:\\x\\a-1.0-py3-none-any.whl", "a", "1.0"),
        ("https://x/a-1.0-1b-py3-none-any.whl?b=c/d-2.zip", "a", "1.0"),
        ("https://x/a-1.0%2Bcpu-py3-none-any.whl", "a", "1.0+cpu"),
        ("a-1.0.zip", "a", "1.0"),
        ("https://x/a-b-1.0.tar.gz#egg=A_b", "a-b", "1.0"),
    ],
)
def test_the_name_of_a_file_tells_the_version(text: str, name: str, version: str) -> None:
    one = only(text)
    assert (one.name, one.version, one.specifier, one.specifier_span) == (name, version, "", None)
    assert one.url


@pytest.mark.parametrize(
    "text",
    [
        "-e .",
        "-e.",
        "-e ./a[b, c] ; os_name == 'nt'",
        "-e ./editable;python_version >= '3.9'",
        ".",
        "./downloads/a.tar.gz",
        "../a[b]",
        "C:\\a\\b.whl",
        "a.zip",
        "https://x.example/main.zip",
        "a-main.zip",
        "a-b-py3-none-any.whl",
        "git+git://x.example/a/@main",
        "https://x.example/a.zip ; os_name == 'nt'",
        "--index-url https://index.example/simple",
        "-i https://index.example/simple --pre",
        "-f links --no-binary :all:",
        "--trusted-host index.example",
        "--allow-external a",
        "--no-ind",
        "${WHEEL}",
        "",
        "  ",
        "\\",
        "# comment \\",
        "\f",
    ],
)
def test_lines_that_pip_accepts_and_that_name_nothing(text: str) -> None:
    file = read(text + "\n")
    assert (file.declarations, file.includes, file.problems) == ((), (), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=1.0", 'write "=="'),
        ("a==", "is not a requirement"),
        ("a==banana", "is not a requirement"),
        ("a>=1.0.*", "is not a requirement"),
        ("a b", "is not a requirement"),
        ("a[b", "is not a requirement"),
        ("4 + 4 = 2", "is not a requirement"),
        ("a==1 unexpected --hash=sha256:0", "is not a requirement"),
        ("conda-forge::a", "conda"),
        ("{% if x %}", "template"),
        ("{{ a }}", "template"),
        ("<<<<<<< HEAD", "merge conflict"),
        (">>>>>>> a/b", "merge conflict"),
        ("a @ ", "URL"),
        ("a; python_version", "marker"),
        ("a; python_version < '3' or", "marker"),
        ("a; pythn_version < '3'", "marker"),
        ("--no-such-option", "no option --no-such-option"),
        ("--re x", "no option --re"),
        ("- a", "no option -"),
        ("-r", "needs a value"),
        ("-r 'x", "quote is not closed"),
    ],
)
def test_other_lines_are_one_problem_each(text: str, message: str) -> None:
    file = read(f"first\n\n{text}\nlast\n")
    assert [one.name for one in file.declarations] == ["first", "last"]
    assert [(one.path, one.line) for one in file.problems] == [("requirements.txt", 3)]
    assert message in file.problems[0].message


@pytest.mark.parametrize(
    ("text", "target", "constraint"),
    [
        ("-r other.txt", "other.txt", False),
        ("-rother.txt # why", "other.txt", False),
        ("--requirement=other.txt", "other.txt", False),
        ("--requirement other.txt", "other.txt", False),
        ("--req=no", "", False),
        ("-c limits.txt", "limits.txt", True),
        ("--constraint limits.txt", "limits.txt", True),
        ('-c "with blank.txt"', "with blank.txt", True),
        ("-c a -r b", "b", False),
        ("-r ${FOLDER}/b", "${FOLDER}/b", False),
    ],
)
def test_includes_are_recorded(text: str, target: str, constraint: bool) -> None:
    file = read(text)
    if not target:
        assert (file.includes, len(file.problems)) == ((), 1)
        return
    (include,) = file.includes
    assert (include.target, include.constraint) == (target, constraint)
    assert target in text[slice(*include.span)]


def test_a_file_called_constraints_limits() -> None:
    for path, kind in [
        ("a/constraints.txt", Kind.CONSTRAINT),
        ("old_constraints.in", Kind.CONSTRAINT),
        ("constraints/base.txt", Kind.REQUIREMENT),
    ]:
        assert read("urllib3<2", path).declarations[0].kind is kind


def test_variables_are_put_in_and_spans_stay_in_the_file() -> None:
    text = "urllib3==${MAJOR}.${MINOR} ; os_name == '${OS}'\n"
    one = only(text, MAJOR="2", MINOR="0.2", OS="nt")
    assert (one.specifier, one.version, one.marker) == ("==2.0.2", "2.0.2", "os_name == 'nt'")
    assert words(text, one) == (text.strip(), "==${MAJOR}.${MINOR}")


def test_what_an_unknown_variable_hides_accepts_nothing_that_is_known() -> None:
    file = read("a\nurllib3==${VERSION}\n", OTHER="x")
    one = file.declarations[1]
    assert (one.name, one.specifier, one.version) == ("urllib3", "==${VERSION}", None)
    assert one.accepts == ()


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("urllib3==${V}", "V"),
        ("urllib3>=1,<${LAST}.0 ; os_name == 'nt'", "LAST"),
        ("urllib3 @ https://${USER}@x/urllib3-${V_2}-py3-none-any.whl", "V_2"),
        ("urllib3 @ https://${USER}@x/urllib3-1.0.zip", ""),
        ("urllib3 @ git+https://${USER}@x/urllib3@${REF}", ""),
    ],
)
def test_a_version_that_comes_from_a_variable_is_said_to_be_unknown(
    text: str, variable: str
) -> None:
    file = read(f"a\n\n{text}\n")
    said = "the version of urllib3 comes from the variable {}, not known here"
    assert [one.name for one in file.declarations] == ["a", "urllib3"]
    found = [(one.line, one.message) for one in file.problems]
    assert found == ([(3, said.format(variable))] if variable else [])


@pytest.mark.parametrize(
    ("old", "specifier", "new"),
    [
        ("urllib3==2.0.2", ">=2.0.3,<3", "urllib3>=2.0.3,<3"),
        ("urllib3", ">=2.0.3,<3", "urllib3>=2.0.3,<3"),
        ("urllib3 # c", "<2", "urllib3<2 # c"),
        ("urllib3[a] ; os_name=='nt'", "<2", "urllib3[a]<2 ; os_name=='nt'"),
        ("urllib3 >= 2", ">=2.0.3,<3", "urllib3 >= 2.0.3, < 3"),
        ("urllib3 >=2", ">=2.0.3,<3", "urllib3 >=2.0.3,<3"),
        ("urllib3>=2, !=2.1", ">=2.0.3,<3", "urllib3>=2.0.3, <3"),
        ("urllib3===2.0.2;os_name=='nt'", "==2.0.7", "urllib3==2.0.7;os_name=='nt'"),
        ("urllib3 (== 1)", "<2", "urllib3 (< 2)"),
        ("urllib3\\\n==1\\\n", "<2", "urllib3\\\n<2\\\n"),
        ("a\r\nurllib3==1\r\nb", "<2", "a\r\nurllib3<2\r\nb"),
    ],
)
def test_respecify_keeps_the_authors_style(old: str, specifier: str, new: str) -> None:
    file = read(old)
    one = next(one for one in file.declarations if one.name == "urllib3")
    assert one.specifier_span is not None
    start, end = one.specifier_span
    text = _pep508.respecify(file.document, one, specifier)
    assert old[:start] + text + old[end:] == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requests\n", "requests\nurllib3<2  # why\n"),
        ("requests", "requests\nurllib3<2  # why"),
        ("a\r\nb\r\n", "a\r\nb\r\nurllib3<2  # why\r\n"),
        ("a\r\nb", "a\r\nb\r\nurllib3<2  # why"),
        ("", "urllib3<2  # why\n"),
        ("a==1 \\\n", "a==1 \\\n\nurllib3<2  # why\n"),
        ("a==1 \\", "a==1 \\\n\nurllib3<2  # why"),
        ("# c \\\n", "# c \\\nurllib3<2  # why\n"),
        ("a==1 --hash=sha256:0\n", None),
        ("--require-hashes\n", None),
    ],
)
def test_constrain_adds_a_last_line(old: str, new: str | None) -> None:
    file = read(old)
    edit = requirements.constrain(file, "urllib3", "<2", "why")
    if edit is None:
        assert new is None
        return
    text = old[: edit.span.start] + edit.text + old[edit.span.end :]
    assert text == new
    before = [(one.name, one.specifier) for one in file.declarations]
    after = [(one.name, one.specifier) for one in read(text).declarations]
    assert after == [*before, ("urllib3", "<2")]
