"""Quality of labels, limits of the data, and how blind a study was."""
