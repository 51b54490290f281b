"""Fingerprints: what makes a finding the same one tomorrow, whatever is written above it.

Neither line numbers nor versions are part of it, nor the interpreter: a pin that is raised and
still fails is the old finding, and a laptop and a pipeline give the same fingerprint.
"""

from __future__ import annotations

from typing import NamedTuple

from .model import Declaration, Finding


class Identity(NamedTuple):
    """What a fingerprint is made of.

    `text` is the name that brings the distribution in, or the line where none is declared.
    """

    rule: str
    path: str
    distribution: str
    section: str
    text: str


def identity(finding: Finding) -> Identity:
    """The parts of a finding that stay; the same for the same fault twice in one file."""
    place = finding.locations[0]
    subject = finding.subject
    return Identity(
        rule=finding.rule.id,
        path=place.path,
        distribution=finding.distribution or "",
        section=subject.section if isinstance(subject, Declaration) else "",
        text=" ".join(place.snippet.split()) if subject is None else _bringer(finding),
    )


def _bringer(finding: Finding) -> str:
    name = finding.subject.name if finding.subject else ""
    return "" if name == finding.distribution else name


def fingerprint(finding: Finding) -> str:
    """32 hexadecimal digits, the same for the same finding in every run and on every machine.

    Two faults of one kind in one file share them: number them where they must differ.
    """
    import hashlib

    data = "\0".join(identity(finding)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data, usedforsecurity=False).hexdigest()[:32]
