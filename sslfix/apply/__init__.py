"""The room that writes: files, lock files, environments."""
