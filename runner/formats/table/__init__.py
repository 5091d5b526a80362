"""CSV, JSONL and JSON tables, read by a mapping."""
