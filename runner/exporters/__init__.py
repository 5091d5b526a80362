"""Labels and decisions as files for other tools."""
