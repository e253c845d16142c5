"""Newest first without reading everything: a limit does not stop the embedded store from reading the whole range."""

from collections.abc import Iterator
from datetime import datetime, timedelta

_WIDER = 6


def stretches(end: datetime, first: timedelta, oldest: datetime) -> Iterator[tuple[datetime, datetime]]:
    """(begin, end) of stretches of time that adjoin, newest first, each six times as long as the one before."""
    until, width = end, first
    while until > oldest:
        since = max(until - width, oldest)
        yield since, until
        until, width = since, width * _WIDER
