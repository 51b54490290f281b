"""Makes a certificate request as acme's clients do."""

from acme.crypto_util import make_csr
from OpenSSL import crypto

key = crypto.PKey()
key.generate_key(crypto.TYPE_RSA, 2048)
text = make_csr(crypto.dump_privatekey(crypto.FILETYPE_PEM, key), ["a.example"])
assert b"CERTIFICATE REQUEST" in text
