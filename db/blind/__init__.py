"""The blind connection of the desk: which columns are open, and how SQLite and PostgreSQL refuse the rest."""
