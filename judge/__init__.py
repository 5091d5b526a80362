"""Judge prompts, verdict parsing and verification statistics: pure functions, no database, no network, no screen."""
