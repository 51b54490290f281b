import local

url = local.https(local.certificate())

import requests


class NoVerifyHTTPAdapter(requests.adapters.HTTPAdapter):
    """As exchangelib's before 5.4.2."""

    def cert_verify(self, conn, url, verify, cert):
        super().cert_verify(conn=conn, url=url, verify=False, cert=cert)


session = requests.Session()
session.trust_env = False
session.mount("https://", NoVerifyHTTPAdapter())
print(session.get(url).text)
