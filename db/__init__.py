"""Tables, migrations, sessions, the store, the queue and the blind connection. Owns SQL."""
