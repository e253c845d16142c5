"""The key under which number plates are compared without being kept."""

import hmac
from secrets import token_bytes

from services.chassis.aggregates import Aggregates

_ID = "subject"


class Subjects:
    """One random key for the database, made when it is first needed and never told.

    A copy of the alerts without it tells no plate, and another city's hashes are others.
    """

    def __init__(self, keys: Aggregates) -> None:
        self._keys = keys
        self._key: bytes | None = None

    def hashed(self, plate: str) -> str:
        """32 hex digits, the same for the same plate."""
        if self._key is None:
            self._key = self._standing()
        return hmac.digest(self._key, plate.encode(), "sha256").hex()[:32]

    def _standing(self) -> bytes:
        found = self._keys.get(_ID)
        if found is None:
            # who loses a race against another process takes the key of the winner
            self._keys.insert({"_id": _ID, "key": token_bytes(32)})
            found = self._keys.get(_ID)
        key: bytes = (found or {})["key"]
        return key
