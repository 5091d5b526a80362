"""Forms of the console that change a study."""
