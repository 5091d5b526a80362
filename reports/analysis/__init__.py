"""A study's data put through the statistics: one analysis, pinned by hashes."""
