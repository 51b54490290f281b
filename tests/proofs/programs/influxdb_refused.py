import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Server(BaseHTTPRequestHandler):
    """Refuses every query."""

    def do_POST(self):
        self.send_response(401)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

from influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

url = "http://127.0.0.1:%d" % server.server_port
try:
    InfluxDBClient(url=url, token="token", org="org").query_api().query("x")
except ApiException as error:
    print("refused", error.status)
