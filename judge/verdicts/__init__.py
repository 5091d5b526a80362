"""Judge prompts, and parsing of a judge's reply."""
