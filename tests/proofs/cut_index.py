"""A package index over a folder of wheels whose connection is cut after so many bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def serve(wheels: Path, left: int) -> Iterator[str]:
    """The address of the index; after `left` bytes in all it closes every connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal left
            body = _answer(wheels, self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", _type(self.path))
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            part = (body or b"")[: max(left, 0)]
            left -= len(body or b"")
            self.wfile.write(part)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _type(path: str) -> str:
    return "application/octet-stream" if path.endswith(".whl") else "text/html"


def _answer(wheels: Path, path: str) -> bytes | None:
    if path.endswith(".whl"):
        file = wheels / path.rpartition("/")[2]
        return file.read_bytes() if file.exists() else None
    name = path.strip("/").rpartition("/")[2]
    found = sorted(file.name for file in wheels.glob(f"{name}-*.whl"))
    links = "".join(f'<a href="/files/{file}">{file}</a>' for file in found)
    return f"<!DOCTYPE html><html><body>{links}</body></html>".encode() if found else None
