"""The console's server and navigation."""
