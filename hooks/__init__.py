"""Doors for other tools; installed as sslfix.hooks."""
