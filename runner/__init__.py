"""Scenarios, the agent loop, judging runs, imports and the command line. Owns the network."""
