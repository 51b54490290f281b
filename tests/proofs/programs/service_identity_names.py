"""Reads the names of a certificate as Twisted does, by service-identity from pyOpenSSL."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL.crypto import X509
from service_identity.pyopenssl import extract_ids

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
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    .sign(key, hashes.SHA256())
)
assert len(extract_ids(X509.from_cryptography(certificate))) == 1
