"""Signs as oauth2client does for a service account."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oauth2client import crypt

key = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
assert crypt.make_signed_jwt(crypt.Signer.from_string(key), {})
