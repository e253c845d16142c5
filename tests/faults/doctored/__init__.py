"""Messages that nobody can read, and a chassis that breaks its promises."""
