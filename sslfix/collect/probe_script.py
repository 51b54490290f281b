"""Run by the interpreter that is asked about itself; prints one JSON object between two cookies.

Standard library only, and valid from Python 2.7 on: no annotations, no f-strings. Modules that
cost milliseconds (json 6, platform 10, sysconfig 2, ssl 13) are imported only where it must be.
The cookies are printed backwards, so that whatever echoes its arguments is no answer.
"""

import os
import sys

if not getattr(sys.flags, "isolated", 0):
    del sys.path[0]  # this script's own folder: what lies beside it is no module of theirs


def describe():
    root = environment_root()
    prefix = root or sys.prefix
    old_base = add_base_library(prefix)
    stdlib = old_base and library_folder(old_base) or os.path.dirname(os.__file__)
    raw, error = ask_ssl(stdlib, thorough=bool(old_base) or bool(root) and is_copied(root))
    return {
        "version": version(),
        "implementation": implementation_name(),
        "markers": markers(),
        "executable": sys.executable,
        "prefix": prefix,
        "base_prefix": old_base or getattr(sys, "base_prefix", sys.prefix),
        "stdlib": stdlib,
        "site_packages": site_packages(prefix, by_hand=bool(old_base)),
        "ssl": raw,
        "ssl_error": error,
    }


def version():
    return sys.version.split()[0]


def implementation_name():
    if hasattr(sys, "implementation"):
        return sys.implementation.name
    return "pypy" if "__pypy__" in sys.builtin_module_names else "cpython"


def markers():
    """The marker environment (PEP 508), without the module platform."""
    system, _, release, kernel, machine = os.uname()
    name = implementation_name()
    return {
        "implementation_name": name,
        "implementation_version": implementation_version(),
        "os_name": os.name,
        "platform_machine": machine,
        "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(name, name),
        "platform_release": release,
        "platform_system": system,
        "platform_version": kernel,
        "python_full_version": version(),
        "python_version": "%d.%d" % sys.version_info[:2],
        "sys_platform": sys.platform,
    }


def implementation_version():
    if not hasattr(sys, "implementation"):
        return version()
    info = sys.implementation.version
    text = "%d.%d.%d" % (info.major, info.minor, info.micro)
    return text if info.releaselevel == "final" else text + info.releaselevel[0] + str(info.serial)


def environment_root():
    """The virtual environment that the executable stands in: `-S` leaves out site, which tells."""
    folder = os.path.dirname(os.path.abspath(sys.executable or ""))
    for root in (os.path.dirname(folder), folder):
        if os.path.isfile(os.path.join(root, "pyvenv.cfg")):
            return root
    return None


def is_copied(root):
    """Whether the executable is the environment's own file, not a link to the base's."""
    return os.path.realpath(sys.executable).startswith(os.path.realpath(root) + os.sep)


def library_folder(prefix):
    name = "pypy" if "__pypy__" in sys.builtin_module_names else "python"
    return os.path.join(prefix, "lib", "%s%d.%d" % ((name,) + sys.version_info[:2]))


def add_base_library(prefix):
    """The base prefix of an environment made by virtualenv < 20, else None.

    Such an environment holds a part of the library; its own site module adds the rest.
    """
    try:
        with open(os.path.join(library_folder(prefix), "orig-prefix.txt")) as file:
            base = file.read().strip()
    except (IOError, OSError):
        return None
    sys.path += [library_folder(base), os.path.join(library_folder(base), "lib-dynload")]
    return base


def site_packages(prefix, by_hand):
    """Where distributions are installed, in the order of sys.path."""
    if by_hand or sys.version_info[0] < 3:  # there, importing site would run every .pth file
        folder = library_folder(prefix)
        return [os.path.join(folder, name) for name in ("site-packages", "dist-packages")]
    import site

    alone = prefix == getattr(sys, "base_prefix", sys.prefix)
    sys.prefix = sys.exec_prefix = prefix  # Debian's site looks whether this is an environment
    return ([site.getusersitepackages()] if alone else []) + site.getsitepackages([prefix])


def ask_ssl(stdlib, thorough):
    """The version text of the SSL library and None, or None and why `import ssl` fails.

    What a program needs is `import ssl`, but `_ssl` knows the library and takes 3 ms instead of
    13. So ssl itself is imported only where it may fail though `_ssl` does not: where the two may
    come from different releases (a copied executable), or a name that ssl takes is not there.
    """
    try:
        import _ssl

        if thorough or not has_all_names(_ssl, os.path.join(stdlib, "ssl.py")):
            import ssl
        return _ssl.OPENSSL_VERSION, None
    except Exception as error:  # whatever it is, it is the answer
        return None, "%s: %s" % (type(error).__name__, error)


def has_all_names(module, path):
    try:
        with open(path, "rb") as file:
            text = file.read().decode("latin-1")
    except (IOError, OSError):
        return False
    names = ["PROTOCOL_TLS"]
    for part in text.split("\nfrom _ssl import ")[1:]:
        part = part[1:].split(")")[0] if part.startswith("(") else part.split("\n")[0]
        lines = [line.split("#")[0] for line in part.split("\n")]
        names += [name.split()[0] for name in "".join(lines).split(",") if name.strip()]
    return all(hasattr(module, name) for name in names)


def encode(value):
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{%s}" % ", ".join(quote(key) + ": " + encode(value[key]) for key in value)
    if isinstance(value, list):
        return "[%s]" % ", ".join(encode(item) for item in value)
    return quote(value)


try:
    from _json import encode_basestring_ascii as quote
except ImportError:  # not CPython
    from json.encoder import encode_basestring_ascii as quote


if __name__ == "__main__":
    opening, closing = (cookie[::-1] for cookie in sys.argv[1:3])
    sys.stdout.write(opening + encode(describe()) + closing + "\n")
