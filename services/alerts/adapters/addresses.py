"""Addresses of pictures and clips: kept as references, without whatever opens doors."""

import re
from urllib.parse import urlsplit

from services.alerts.adapters.wire import clean

_SECRET = re.compile(r"(?:pass|pwd|token|auth|sign|secret|key|user)[^=&]*=", re.IGNORECASE)


def reference(address: str) -> str | None:
    """An address without user, password or secret parameters; None when it is no http address."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    query = "" if _SECRET.search(parts.query) else parts.query
    return clean(f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}{f'?{query}' if query else ''}", 500)
