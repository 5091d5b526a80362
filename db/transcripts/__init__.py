"""What comes in: transcripts, verdicts and labels given elsewhere, and the leak reviews."""
