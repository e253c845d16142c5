"""Numbers that carry a check character: credit codes, ID numbers, application numbers."""

import re
from datetime import date, datetime, timedelta, timezone

# China has kept one zone without summer time since 1991
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
AREA_UNKNOWN = "000000"

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100 leaves out I, O, S, V and Z
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ID_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_ID_CHECKS = "10X98765432"
_ID_SHAPE = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)


def is_credit_code(code: str) -> bool:
    """统一社会信用代码: 18 characters whose last one is right (GB 32100)."""
    if len(code) != 18 or any(character not in _CREDIT_ALPHABET for character in code):
        return False
    total = sum(
        _CREDIT_ALPHABET.index(character) * weight for character, weight in zip(code, _CREDIT_WEIGHTS, strict=False)
    )
    return _CREDIT_ALPHABET[-total % 31] == code[17]


def is_id_number(number: str) -> bool:
    """公民身份号码: 18 characters, a day of birth that existed, the last character right (GB 11643)."""
    if not _ID_SHAPE.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return _ID_CHECKS[total % 11] == number[17]


def application_number(opened_at: datetime, area_code: str | None, position: int) -> str:
    """办件编号: date (Asia/Shanghai) + area, 6 digits + running number, at least 7 + one check digit.

    `position` runs through the whole city and never starts again.
    """
    area = area_code[:6] if area_code and re.match(r"\d{6}", area_code, re.ASCII) else AREA_UNKNOWN
    digits = f"{opened_at.astimezone(SHANGHAI):%Y%m%d}{area}{position:07d}"
    return f"{digits}{_check_digit(digits)}"


def is_application_number(number: str) -> bool:
    """Whether it may be one of ours: long enough, digits only, the last one right."""
    return re.fullmatch(r"\d{22,40}", number, re.ASCII) is not None and _check_digit(number[:-1]) == int(number[-1])


def _check_digit(digits: str) -> int:
    """ISO 7064 MOD 11,10 (GB/T 17710): finds each wrong digit and nearly all swapped neighbours."""
    carry = 10
    for digit in digits:
        carry = (carry + int(digit)) % 10 or 10
        carry = carry * 2 % 11
    return (11 - carry) % 10
