"""What a user would pick instead: each in the smallest form that still loses nothing when a process dies."""
