"""Files of other tools: one module a format, and the registry that the command line loops over."""
