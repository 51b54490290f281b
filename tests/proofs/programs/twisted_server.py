"""Three requests, each on a connection of its own, to a TLS server of twisted.web right here."""

import datetime
import os
import ssl
import tempfile
import threading
from http.client import HTTPSConnection

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import reactor
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.python import log
from twisted.web.resource import Resource
from twisted.web.server import Site

name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
key = ec.generate_private_key(ec.SECP256R1())
certificate = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(5)
    .not_valid_before(datetime.datetime(2020, 1, 1))
    .not_valid_after(datetime.datetime(2040, 1, 1))
    .sign(key, hashes.SHA256())
)
pem = serialization.Encoding.PEM
with tempfile.NamedTemporaryFile(delete=False) as file:
    file.write(certificate.public_bytes(pem))
    file.write(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Page(Resource):
    isLeaf = True

    def render_GET(self, request):
        return b"ok"


log.addObserver(lambda event: print(log.textFromEventDict(event)))
factory = DefaultOpenSSLContextFactory(file.name, file.name)
port = reactor.listenSSL(0, Site(Page()), factory, interface="127.0.0.1").getHost().port
os.unlink(file.name)
seen = []


def visit():
    try:
        for _ in range(3):
            context = ssl._create_unverified_context()
            connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
            connection.request("GET", "/", headers={"Connection": "close"})
            seen.append(connection.getresponse().read())
    except Exception as error:
        seen.append(repr(error))
    reactor.callFromThread(reactor.stop)


reactor.callWhenRunning(threading.Thread(target=visit).start)
reactor.run()
assert seen == [b"ok"] * 3, seen
