"""Settings, engine and visitor of this process."""
