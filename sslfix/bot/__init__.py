"""The bot: pull requests with the fixes that `sslfix --apply` would make, kept up to date."""
