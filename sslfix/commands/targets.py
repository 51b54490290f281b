"""`sslfix targets`: the deployment targets that sslfix knows."""

from __future__ import annotations

import argparse

from sslfix.collect import targets


def configure(parser: argparse.ArgumentParser) -> None:
    """Take no arguments but --help."""


def run(_: argparse.Namespace) -> int:
    """Print a line for each target, and how it is known."""
    for name, target in targets.load().items():
        raw = target.ssl.raw if target.ssl else ""
        print(f"{name:<18} Python {target.version:<8} {raw}\n{'':<18} {target.chosen_because}")
    return 0
