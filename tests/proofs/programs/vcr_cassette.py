import os
import tempfile

import urllib3
import vcr

CASSETTE = """\
interactions:
- request: {body: null, headers: {}, method: GET, uri: "https://localhost:9/"}
  response: {body: {string: ok}, headers: {}, status: {code: 200, message: OK}}
version: 1
"""

# Nothing listens there: the cassette answers.
path = os.path.join(tempfile.mkdtemp(), "cassette.yaml")
with open(path, "w") as file:
    file.write(CASSETTE)
with vcr.use_cassette(path):
    print(urllib3.PoolManager().request("GET", "https://localhost:9/").data)
