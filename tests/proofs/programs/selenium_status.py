import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Driver(BaseHTTPRequestHandler):
    """Answers every command as a WebDriver server does."""

    def do_GET(self):
        body = b'{"value": {"ready": true}, "status": 0, "sessionId": "1"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Driver)
threading.Thread(target=server.serve_forever, daemon=True).start()

from selenium.webdriver.remote.remote_connection import RemoteConnection

url = "http://127.0.0.1:%d" % server.server_port
print(RemoteConnection(url, keep_alive=True)._request("GET", url + "/status"))
