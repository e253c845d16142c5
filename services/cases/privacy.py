"""Who reported a case is private: masked for everybody who may not read personal values."""

from contracts.cases import Reporter

LEAST_PHONE = 8


def masked(reporter: Reporter) -> Reporter:
    """张三 → 张*, 13812345678 → 138****5678; what is too short to hide a part is hidden whole."""
    return Reporter(name=_mask_name(reporter.name), phone=_mask_phone(reporter.phone))


def _mask_name(name: str | None) -> str | None:
    if not name:
        return name
    return name[0] + "*" * (len(name) - 1) if len(name) > 1 else "*"


def _mask_phone(phone: str | None) -> str | None:
    if not phone:
        return phone
    if len(phone) < LEAST_PHONE:
        return "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]
