"""Certificates for the servers of the proofs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import run


def make_certificate(folder: Path) -> tuple[str, str]:
    """A certificate for localhost and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    made = run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", key, "-out", certificate),
    )
    assert made.returncode == 0, made.stderr
    return str(certificate), str(key)
