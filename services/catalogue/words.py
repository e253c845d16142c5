"""How text is compared: full-width and half-width, upper and lower case, spaces and punctuation make no difference."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words between spaces and punctuation, in the form that is compared."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def plain(text: str) -> str:
    """The whole text in the form that is compared."""
    return "".join(words(text))
