"""车牌 number plates: one spelling for each, and none for what a camera writes when it saw none."""

import unicodedata

_HIDDEN = frozenset("*?#")
_NONE = frozenset({"UNKNOWN", "NOPLATE", "NONE", "NULL"})


def plate(*written: str | None) -> str | None:
    """The first that is a plate: NFKC, upper case, letters and digits only.

    Empty ones, words like `unknown` or 无车牌 (a plate has a digit), and ones with hidden signs are none.
    """
    for text in written:
        if text and len(text) <= 40 and _HIDDEN.isdisjoint(text):
            found = "".join(sign for sign in unicodedata.normalize("NFKC", text).upper() if sign.isalnum())
            if found not in _NONE and any("0" < sign <= "9" for sign in found):
                return found[:16]
    return None
