"""How many labels a study needs, and which ones next."""
