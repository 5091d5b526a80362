"""The researcher's side: the console and the exported reports."""
