"""The desk's browser components."""
