"""Judge prompts and the reading of a judge's reply."""
