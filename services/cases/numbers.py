"""工单号: date (Asia/Shanghai) + area, 6 digits + running number, at least 7 + one check digit."""

from datetime import datetime

from services.cases.calendar import SHANGHAI

AREA_UNKNOWN = "000000"


def check_digit(digits: str) -> int:
    """ISO 7064 MOD 11,10 (GB/T 17710): finds each wrong digit and nearly all swapped neighbours."""
    carry = 10
    for digit in digits:
        carry = (carry + int(digit)) % 10 or 10
        carry = carry * 2 % 11
    return (11 - carry) % 10


def case_number(opened_at: datetime, area: str, position: int) -> str:
    """The number of the case at `position` of the city's running count, e.g. 2026072223090200001236."""
    digits = f"{opened_at.astimezone(SHANGHAI):%Y%m%d}{area}{position:07d}"
    return f"{digits}{check_digit(digits)}"


def area_of(code: str | None) -> str:
    """The six digits of the county in a grid's or territory's code."""
    return code[:6] if code and len(code) >= 6 else AREA_UNKNOWN
