"""Fetch pages side by side, in green threads that are made too late."""

import sys

import requests
from gevent import monkey, pool

monkey.patch_all()


def fetch(url):
    """Return the status code of a page."""
    return requests.get(url, timeout=10).status_code


if __name__ == "__main__":
    print(pool.Pool(8).map(fetch, sys.argv[1:]))
