"""The report as a document: HTML, terminal, files."""
