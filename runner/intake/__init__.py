"""One way in for whatever becomes a transcript: records, problems, leak scan, store."""
