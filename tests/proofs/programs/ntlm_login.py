# requests-ntlm against a server that goes through the three messages of NTLM.
import base64
import http.server
import struct
import threading

import requests
import requests_ntlm

TARGET = b"\x02\0\x02\0A\0" + b"\x07\0\x08\0" + bytes(8) + bytes(4)
CHALLENGE = (
    b"NTLMSSP\0"
    + struct.pack("<IHHII", 2, 0, 0, 56, 0xA2898205)
    + b"12345678"
    + bytes(8)
    + struct.pack("<HHI", len(TARGET), len(TARGET), 56)
    + b"\x06\x01\xb1\x1d\0\0\0\x0f"
    + TARGET
)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        words = self.headers.get("Authorization", "")
        self.send_response(200 if "TlRMTVNTUAAD" in words else 401)
        if not words:
            self.send_header("WWW-Authenticate", "NTLM")
        elif "TlRMTVNTUAAB" in words:
            challenge = base64.b64encode(CHALLENGE).decode()
            self.send_header("WWW-Authenticate", "NTLM " + challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = requests.Session()
session.trust_env = False
url = "http://127.0.0.1:%d/" % server.server_port
answer = session.get(url, auth=requests_ntlm.HttpNtlmAuth("D\\u", "p"))
assert answer.status_code == 200, answer
