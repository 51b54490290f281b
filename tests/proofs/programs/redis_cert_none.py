"""A redis client that is told not to check certificates, and a server that hangs up."""

import socket
import threading

import redis

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)


def serve():
    while True:
        connection, _ = listener.accept()
        connection.close()


threading.Thread(target=serve, daemon=True).start()
port = listener.getsockname()[1]
client = redis.Redis.from_url("rediss://127.0.0.1:%d/0?ssl_cert_reqs=none" % port)
try:
    client.ping()
except redis.exceptions.ConnectionError as error:
    # Nobody speaks TLS here; what counts is that the client came as far as that.
    print("connection:", error)
