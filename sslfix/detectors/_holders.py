"""The modules that take their own reference to `ssl.SSLContext` when they are imported.

Patched after such an import, ssl ends in a RecursionError as soon as the module makes a context.
Each was run (import it, patch, make a context; November 2026, CPython 3.12, gevent 26.9,
eventlet 0.41); tests/proofs/test_patch_order.py runs those of the first group again. Harmless in
the same test, and so not here: ssl, http.client, urllib.request, asyncio, smtplib, httpx, aiohttp,
redis, websocket, tornado, slack_sdk, openai, selenium, botocore itself, botocore.exceptions.
"""

from __future__ import annotations

HOLDERS = frozenset(
    {
        "urllib3",
        "requests",
        "boto3",
        "pymongo",
        # These import one of those at once.
        "botocore.awsrequest",
        "botocore.client",
        "botocore.config",
        "botocore.credentials",
        "botocore.httpsession",
        "botocore.session",
        "docker",
        "elasticsearch",
        "github",
        "gitlab",
        "google.auth.transport.requests",
        "google.cloud.storage",
        "gridfs",
        "hvac",
        "influxdb_client",
        "jira",
        "kubernetes",
        "minio",
        "requests_oauthlib",
        "requests_toolbelt",
        "s3transfer",
        "sentry_sdk",
        "stripe",
        "tweepy",
        "twilio.rest",
    }
)
