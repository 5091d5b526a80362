"""Tables, migrations, sessions, the store, the queue and the blind door. Owns SQL."""
