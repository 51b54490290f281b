"""Says what importing modules does to `ssl`: run by the Python under test (3.6 or newer).

    python ssl_effect.py MODULE ...

Each module is imported in a forked child; a line of JSON for each says its effect: "patches",
"recurses" (a module makes contexts of a class that it holds), "holds", "imports", "nothing" or
"fails"; and which modules make and hold.
"""

import ast
import json
import os
import select
import signal
import sys

LIMIT = 40


def effect():
    if _is_patched():
        return {"effect": "patches"}
    module = sys.modules.get("ssl")
    if module is None:
        return {"effect": "nothing"}
    holds, makes = [], []
    for name, each in list(sys.modules.items()):
        if each is None or each is module or name == "ssl":
            continue
        if any(_is_context(value, module) for value in list(vars(each).values())):
            holds.append(name)
        if _makes(each, module):
            makes.append(name)
    found = "recurses" if makes else "holds" if holds else "imports"
    return {"effect": found, "makes": sorted(makes), "holds": sorted(holds)}


def _is_patched():
    monkey, patcher = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if monkey is not None and monkey.is_module_patched("socket"):
        return True
    return patcher is not None and patcher.is_monkey_patched("socket")


def _is_context(value, module):
    try:
        return isinstance(value, type) and issubclass(value, module.SSLContext)
    except Exception:
        return False


def _makes(each, module):
    """Whether its source calls a context class that it got hold of otherwise than by `ssl.`."""
    path = getattr(each, "__file__", None) or ""
    if not path.endswith(".py") or not _is_foreign(path):
        return False
    with open(path, "rb") as stream:
        text = stream.read()
    if b"Context" not in text:
        return False
    tree = ast.parse(text)
    aliases = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            aliases.setdefault(node.targets[0].id, []).append(node.value)
    return any(
        _is_context(value, module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for value in _values(node.func, each, module, aliases)
    )


def _is_foreign(path):
    return not path.startswith(os.path.dirname(os.__file__)) or "site-packages" in path


def _values(node, each, module, aliases):
    """What a dotted name may mean in the module, but for what goes through `ssl` itself."""
    if isinstance(node, ast.Name):
        named = [one for one in aliases.get(node.id, ()) if isinstance(one, ast.Name)]
        return [vars(each).get(one) for one in [node.id] + [one.id for one in named]]
    if isinstance(node, ast.Attribute):
        owners = _values(node.value, each, module, aliases)
        return [_get(one, node.attr) for one in owners if one is not None and one is not module]
    return []


def _get(value, name):
    """The attribute, or None: proxies like Flask's request raise what they like."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def _look(name, end):
    sys.stdout = sys.stderr = open(os.devnull, "w")
    try:
        __import__(name)
        found = effect()
    except BaseException as error:
        found = {"effect": "fails", "error": repr(error)[:200]}
    os.write(end, json.dumps(found).encode())
    os._exit(0)


def main():
    for name in sys.argv[1:]:
        out, end = os.pipe()
        child = os.fork()
        if not child:
            _look(name, end)
        os.close(end)
        data = b""
        while select.select([out], [], [], LIMIT)[0]:
            piece = os.read(out, 1 << 16)
            if not piece:
                break
            data += piece
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = json.loads(data) if data else {"effect": "fails", "error": "no answer"}
        print(json.dumps(dict(found, module=name)), flush=True)


main()
