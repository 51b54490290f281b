import os
import sys

import certifi
import local

# A server whose certificate is the only one in certifi's bundle.
path = local.certificate()
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
certifi.where = lambda: path

from httpie.core import main

sys.exit(main(["http", "--ignore-stdin", local.https(path)]))
