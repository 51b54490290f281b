"""One page of the knowledge base: its text -> a `Rule`.

The page is a fence of TOML (the head), then prose. Head keys, those in brackets optional:

    id, name, title, level ("error", "warning", "note"), since, references = ["https://..."]
    [message], [detail]   templates with {name} {version} {ssl} {python} {library}
                          {interpreter} {beside}
    [when]                ssl, ssl_version, python, platform, detector,
                          beside = [...], together = [...], draws = [...], refused = [...]
    [affected]            name = "specifier"
    [brought_by]          name = "specifier"
    [[remedy]]            constraint = {name = "specifier"} or action = "..."; why;
                          [commands = [...], in which {python} is the interpreter's "3.9";
                          applicability ("safe", "unsafe", "display"), python, platform]
    [[case]]              any of message, detail, when, affected, brought_by, remedy: what it
                          leaves out is the head's own; without a [[case]] the head is the case
    [[symptom]]           text = "..." or several that share the rest = [...],
                          [example, needs = [...], unless = [...],
                          confidence ("certain", "likely")]
    [[example]]           fires, [declared = [...], ssl, python, source]
    [evidence]            how ("reproduced", "source", "maintainers"), [proof, note]
"""

from __future__ import annotations

from typing import TypeVar

from sslfix.errors import ReadError
from sslfix.model import Applicability, Case, Example, Level, Remedy, Rule, Symptom, When

T = TypeVar("T")
OPENING = "```toml\n"
CLOSING = "\n```\n"


class Table:
    """A TOML table from which each key is taken once; a mistake names the file and the key.

    What is left when it is closed is a key that nobody knows, so no list of keys is kept.
    """

    def __init__(self, path: str, key: str, values: object) -> None:
        self.path = path
        self.key = key
        if not isinstance(values, dict):
            raise self.error("expected a table")
        self.values: dict[str, object] = dict(values)

    def error(self, message: str) -> ReadError:
        return ReadError(self.path, f"{self.key or 'head'}: {message}")

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of a key, which must be of that kind; a key without default must be there."""
        value = self.values.pop(key, default)
        if value is None:
            raise self.error(f"key {key!r} is missing")
        if not isinstance(value, kind):
            raise self.error(f"{key!r} must be a {kind.__name__}, not {value!r}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return self.take(key, str, default)

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in choices:
            raise self.error(f"{key!r} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values: list[str] = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.error(f"{key!r} must be a list of strings, not {values!r}")
        return tuple(values)

    def mapping(self, key: str) -> dict[str, str]:
        table = self.table(key)
        return {name: table.text(name) for name in list(table.values)}

    def table(self, key: str) -> Table:
        default: dict[str, object] = {}
        return Table(self.path, f"[{key}]", self.values.pop(key, default))

    def tables(self, key: str) -> list[Table]:
        values: list[object] = self.take(key, list, [])
        return [Table(self.path, f"[[{key}]] {n}", value) for n, value in enumerate(values, 1)]

    def close(self) -> None:
        """Refuse the keys that nobody took."""
        if self.values:
            raise self.error(f"unknown key {next(iter(self.values))!r}")


def read_page(path: str, text: str) -> Rule:
    """The rule that a page states; raises ReadError naming the file and the key."""
    import tomli

    head, closing, _ = text.partition(CLOSING)
    if not head.startswith(OPENING) or not closing:
        raise ReadError(path, "a page begins with a TOML head between ```toml and ```", 1)
    try:
        table = Table(path, "", tomli.loads(head[len(OPENING) :]))
    except tomli.TOMLDecodeError as error:
        raise ReadError(path, f"head: {error} (lines counted from the fence)") from error
    rule = _rule(table)
    table.close()
    if path != f"{rule.id}-{rule.name}.md":
        raise ReadError(path, f"the file's name must be {rule.id}-{rule.name}.md")
    return rule


def prose(text: str) -> str:
    """What a page says below its head, in Markdown."""
    return text.partition(CLOSING)[2].strip() + "\n"


def _rule(head: Table) -> Rule:
    return Rule(
        id=head.text("id"),
        name=head.text("name"),
        title=head.text("title"),
        level=Level[head.choice("level", ("error", "warning", "note")).upper()],
        since=head.text("since"),
        symptoms=tuple(one for table in head.tables("symptom") for one in _symptoms(table)),
        examples=tuple(_example(table) for table in head.tables("example")),
        evidence=_evidence(head.table("evidence")),
        references=head.texts("references"),
        cases=_cases(head),
    )


def _cases(head: Table) -> tuple[Case, ...]:
    tables = head.tables("case")
    own: dict[str, object] = {
        key: head.values.pop(key)
        for key in ("message", "detail", "when", "affected", "brought_by", "remedy")
        if key in head.values
    }
    if not tables:
        return (_case(Table(head.path, "", own)),)
    return tuple(_case(Table(head.path, table.key, {**own, **table.values})) for table in tables)


def _case(table: Table) -> Case:
    case = Case(
        when=_when(table.table("when")),
        affected=table.mapping("affected"),
        brought_by=table.mapping("brought_by"),
        remedies=tuple(_remedy(remedy) for remedy in table.tables("remedy")),
        message=table.text("message", ""),
        detail=table.text("detail", ""),
    )
    table.close()
    return case


def _when(table: Table) -> When:
    when = When(
        ssl=table.text("ssl", ""),
        ssl_version=table.text("ssl_version", ""),
        python=table.text("python", ""),
        platform=table.text("platform", ""),
        beside=table.texts("beside"),
        together=table.texts("together"),
        draws=table.texts("draws"),
        refused=table.texts("refused"),
        detector=table.text("detector", ""),
    )
    table.close()
    return when


def _remedy(table: Table) -> Remedy:
    constraint, action = table.mapping("constraint"), table.text("action", "")
    if bool(constraint) == bool(action):
        raise table.error("needs either 'constraint' or 'action'")
    choices = tuple(choice.name.lower() for choice in Applicability)
    applicability = table.choice("applicability", choices, "safe" if constraint else "display")
    remedy = Remedy(
        constraint=constraint,
        action=action,
        why=table.text("why"),
        commands=table.texts("commands"),
        applicability=Applicability[applicability.upper()],
        python=table.text("python", ""),
        platform=table.text("platform", ""),
    )
    table.close()
    return remedy


def _symptoms(table: Table) -> tuple[Symptom, ...]:
    """The symptoms of a table, one for each of its texts; a text without gaps is its own example.

    The example belongs to the first text.
    """
    texts = table.texts("text") if isinstance(table.values.get("text"), list) else ()
    texts = texts or (table.text("text"),)
    examples = (table.text("example", texts[0].replace("{}", "1")), *texts[1:])
    symptom = Symptom(
        text="",
        example="",
        needs=table.texts("needs"),
        unless=table.texts("unless"),
        confidence=table.choice("confidence", ("certain", "likely"), "certain"),
    )
    table.close()
    return tuple(
        symptom._replace(text=text, example=example.replace("{}", "1"))
        for text, example in zip(texts, examples)
    )


def _example(table: Table) -> Example:
    example = Example(
        fires=table.take("fires", bool),
        declared=table.texts("declared"),
        ssl=table.text("ssl", ""),
        python=table.text("python", "3.9.18"),
        source=table.text("source", ""),
    )
    table.close()
    return example


def _evidence(table: Table) -> dict[str, str]:
    evidence = {
        "how": table.choice("how", ("reproduced", "source", "maintainers")),
        "proof": table.text("proof", ""),
        "note": table.text("note", ""),
    }
    table.close()
    return evidence
