"""The service's hash key: from its environment, else random and kept with its own data."""

import secrets
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError


class SharingSettings(BaseSettings):
    """Environment: SHARING_HASH_KEY, at least 16 characters. All pseudonyms change with it."""

    sharing_hash_key: SecretStr | None = Field(default=None, min_length=16)


def hash_secret(database: Database[dict[str, Any]]) -> bytes:
    """The key from which those of the departments are derived."""
    told = SharingSettings().sharing_hash_key
    if told:
        return told.get_secret_value().encode()
    collection = database["secrets"]
    found = collection.find_one({"_id": "hash_key"})
    if found is None:
        found = {"_id": "hash_key", "key": secrets.token_bytes(32)}
        try:
            collection.insert_one(found)
        except DuplicateKeyError:
            return hash_secret(database)
    return bytes(found["key"])
