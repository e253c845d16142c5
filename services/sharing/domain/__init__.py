"""Rules of sharing: deny by default, and every step by a table."""
