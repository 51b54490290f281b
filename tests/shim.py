"""An interpreter that reports another SSL library: a small C file named in LD_PRELOAD.

Only what is reported changes. See "An interpreter that reports another library" in the facts:
CPython 3.7 to 3.13 with a dynamically linked libssl then raise the genuine errors.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = r"""
#include <stdlib.h>
static const char *text(void) { return getenv("SHIM_SSL_TEXT"); }
static unsigned long number(void) { return strtoul(getenv("SHIM_SSL_NUMBER"), 0, 16); }
unsigned long OpenSSL_version_num(void) { return number(); }
const char *OpenSSL_version(int kind) { (void)kind; return text(); }
unsigned long SSLeay(void) { return number(); }
const char *SSLeay_version(int kind) { (void)kind; return text(); }
"""

NUMBERS = {
    "LibreSSL 2.8.3": "20000000",
    "LibreSSL 3.3.6": "20000000",
    "OpenSSL 1.0.2k-fips  26 Jan 2017": "100020bf",
    "OpenSSL 1.1.0g  2 Nov 2017": "1010007f",
    "OpenSSL 1.1.1  11 Sep 2018": "1010100f",
}


def build(folder: Path) -> Path | None:
    """The compiled shim in `folder`, or None where there is no C compiler or no LD_PRELOAD."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text(SOURCE)
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(source)]
    return library if subprocess.run(command, check=False).returncode == 0 else None


def variables(library: Path, text: str) -> dict[str, str]:
    """The environment variables under which Python reports the SSL library `text`."""
    return {
        "LD_PRELOAD": str(library),
        "SHIM_SSL_TEXT": text,
        "SHIM_SSL_NUMBER": NUMBERS[text],
    }
