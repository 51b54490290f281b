"""The room that reads: files, interpreters, environments, settings."""
