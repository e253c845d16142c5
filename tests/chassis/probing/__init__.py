"""A service of two dozen lines, run as a real process, to try the chassis on."""
