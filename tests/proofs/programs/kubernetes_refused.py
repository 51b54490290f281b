import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Server(BaseHTTPRequestHandler):
    """Answers every question as a Kubernetes server refuses one."""

    def do_GET(self):
        self.send_response(403)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

from kubernetes import client

configuration = client.Configuration(host="http://127.0.0.1:%d" % server.server_port)
try:
    client.CoreV1Api(client.ApiClient(configuration)).list_namespace()
except client.ApiException as error:
    print("refused", error.status)
