"""The door to all that changes environments."""

from __future__ import annotations

from sslfix.apply.bases import find_base, suitable
from sslfix.apply.inplace import install, install_command, restore
from sslfix.apply.journal import recover, undo
from sslfix.apply.many import Result, recreate_all, summary
from sslfix.apply.owners import Owner, owner_of
from sslfix.apply.recreation import recreate
from sslfix.apply.refill import LockInstall
from sslfix.apply.room import kept, pending, undoable

__all__ = [
    "LockInstall",
    "Owner",
    "Result",
    "find_base",
    "install",
    "install_command",
    "kept",
    "owner_of",
    "pending",
    "recover",
    "recreate",
    "recreate_all",
    "restore",
    "suitable",
    "summary",
    "undo",
    "undoable",
]
