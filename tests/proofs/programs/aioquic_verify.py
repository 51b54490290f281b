# ruff: noqa: INP001
# mypy: ignore-errors
"""Lets aioquic's TLS check the name in a certificate."""

import contextlib
import datetime as dt

from aioquic.tls import Alert, verify_certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = dt.datetime.now(dt.timezone.utc)
certificate = (
    x509.CertificateBuilder(name, name, key.public_key(), 1)
    .not_valid_before(now - dt.timedelta(days=1))
    .not_valid_after(now + dt.timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    .sign(key, hashes.SHA256())
)
with contextlib.suppress(Alert):
    verify_certificate(certificate, server_name="localhost")
