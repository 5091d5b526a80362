"""What comes in: transcripts, verdicts and imported labels, and the leak reviews."""
