# ruff: noqa: E402, INP001  the order of imports is what is tried
# mypy: ignore-errors
"""Patches first, then makes what an HTTPS client makes: contexts, a socket, a thread."""

import eventlet

eventlet.monkey_patch()

import socket
import ssl
import threading

from urllib3.util.ssl_ import create_urllib3_context

context = ssl.create_default_context()
context.wrap_socket(socket.socket(), server_hostname="h.example", do_handshake_on_connect=False)
create_urllib3_context()
thread = threading.Thread(target=int)
thread.start()
thread.join()
