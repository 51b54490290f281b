"""Which OpenSSL cryptography calls in a process that has the system's in the global scope.

uWSGI and mod_wsgi have it there; here LD_PRELOAD puts it there.
"""

import os
import sys

LIBRARIES = "libssl.so.3:libcrypto.so.3"
if LIBRARIES not in os.environ.get("LD_PRELOAD", ""):
    os.environ["LD_PRELOAD"] = LIBRARIES
    with open("/proc/self/cmdline") as file:
        arguments = file.read().split("\0")[:-1]
    os.execv(sys.executable, arguments)

from cryptography.hazmat.backends.openssl import backend  # noqa: E402

text = backend.openssl_version_text()
if not text.startswith("OpenSSL 1.1.0"):
    sys.exit("cryptography calls the OpenSSL of the process: " + text)
