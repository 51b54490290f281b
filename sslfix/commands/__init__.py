"""The commands, one module each; `sslfix.cli` imports the one that is called."""
