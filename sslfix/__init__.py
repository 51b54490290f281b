"""sslfix: find, explain and fix what cannot work on this Python's SSL library."""

__version__ = "0.1.0"
