# ruff: noqa: INP001
# mypy: ignore-errors
"""Connects with the one TLS client that is installed; all is well once its ClientHello arrives."""

import importlib.util
import socket
import ssl
import threading

CLIENT_HELLO = b"\x16"
received = []
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)
port = listener.getsockname()[1]


def serve() -> None:
    while True:
        connection, _ = listener.accept()
        received.append(connection.recv(1))
        connection.close()


def ansible() -> None:
    from ansible.module_utils.urls import open_url

    open_url(f"https://127.0.0.1:{port}/", validate_certs=False)


def django() -> None:
    from django.conf import settings
    from django.core.mail.backends.smtp import EmailBackend

    settings.configure()
    EmailBackend(host="127.0.0.1", port=port, use_ssl=True, use_tls=False).open()


def flask_mailman() -> None:
    import flask
    from flask_mailman import Mail
    from flask_mailman.backends.smtp import EmailBackend

    application = flask.Flask("application")
    application.config.update(MAIL_USE_SSL=True, MAIL_USE_TLS=False)
    Mail(application)
    with application.app_context():
        EmailBackend(host="127.0.0.1", port=port, use_ssl=True, use_tls=False).open()


def httplib2() -> None:
    import httplib2

    httplib2.Http().request(f"https://127.0.0.1:{port}/")


def imapclient() -> None:
    import imapclient

    imapclient.IMAPClient("127.0.0.1", port, ssl=True)


def mechanize() -> None:
    import mechanize

    browser = mechanize.Browser()
    browser.set_handle_robots(False)
    browser.open(f"https://127.0.0.1:{port}/")


def paho() -> None:
    import paho.mqtt.client

    client = paho.mqtt.client.Client()
    roots = ssl.get_default_verify_paths()
    client.tls_set(roots.cafile or roots.openssl_cafile, tls_version=ssl.PROTOCOL_TLS)
    client.connect("127.0.0.1", port)


def pika() -> None:
    import pika

    if pika.__version__ < "1":
        options = {"ssl": True}
    else:
        options = {"ssl_options": pika.SSLOptions(ssl.create_default_context(), "localhost")}
    try:
        pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, **options))
    except pika.exceptions.AMQPError as error:
        raise OSError from error


def pyVim() -> None:  # noqa: N802  what is imported
    from pyVim.connect import SmartConnect

    unverified = ssl._create_unverified_context()
    SmartConnect(host="127.0.0.1", port=port, user="u", pwd="p", sslContext=unverified)


def rpyc() -> None:
    import rpyc

    rpyc.ssl_connect("127.0.0.1", port)


def createsend() -> None:
    from createsend.utils import VerifiedHTTPSConnection

    VerifiedHTTPSConnection("127.0.0.1", port).connect()


CLIENTS = (
    ansible,
    createsend,
    django,
    flask_mailman,
    httplib2,
    imapclient,
    mechanize,
    paho,
    pika,
    pyVim,
    rpyc,
)

threading.Thread(target=serve, daemon=True).start()
connect = next(one for one in CLIENTS if importlib.util.find_spec(one.__name__))
try:
    connect()
except OSError as error:
    print(error)
assert received[0] == CLIENT_HELLO
