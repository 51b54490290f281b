"""Detectors that read code; they are loaded only where a project has sources that matter."""
