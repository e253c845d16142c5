"""`python -m services.catalogue.pinyin`: a JSON list of names in, a list of [initials, pinyin] out.

Nobody imports this module: the dictionary of pypinyin takes 60 MB, which go back with the process.
"""

import json
import sys
from typing import Any

from pypinyin import Style, lazy_pinyin

from services.catalogue.words import plain


def main() -> None:
    """Spell what standard input holds."""
    spelled = []
    for name in json.load(sys.stdin):
        parts = lazy_pinyin(name, style=Style.NORMAL, errors=_letters)
        spelled.append(("".join(part[0] for part in parts), "".join(parts)))
    json.dump(spelled, sys.stdout)


def _letters(rest: str) -> Any:
    """What is not Chinese, letter by letter (pypinyin takes a list, its types say one text)."""
    return list(plain(rest))


if __name__ == "__main__":
    main()
