"""Transcripts, verdicts and labels from files of other tools."""
