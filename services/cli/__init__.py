"""`yiwang`: the city from a terminal."""

from services.cli.commands import app

__all__ = ["app"]
