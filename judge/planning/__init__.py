"""How many labels a study needs."""
