"""申请人: what is private, how it is checked, and how it looks to those who may not see it."""

import re
from collections.abc import Mapping

from pydantic import JsonValue

from contracts.catalogue import Applicant
from contracts.faults import FieldFault, Invalid
from services.catalogue.identifiers import is_id_number

_MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{9}", re.ASCII)


def check_applicant(applicant: Applicant) -> Applicant:
    """The applicant as it is kept. Raises Invalid with every field that is wrong; the text never repeats a value."""
    told = {name: value.strip() for name, value in applicant.model_dump(exclude_none=True).items()}
    told = {name: value for name, value in told.items() if value}
    faults = [
        FieldFault.at(
            f"/applicant/{name}", "masked_value", "这是遮盖后的显示值, 请填写原值或不填", "this is a masked value"
        )
        for name, value in told.items()
        if "*" in value
    ]
    if "name" not in told:
        faults.append(
            FieldFault.at("/applicant/name", "needed", "必须写明申请人姓名", "the applicant's name must be given")
        )
    if "id_number" in told:
        told["id_number"] = told["id_number"].upper()
        if not is_id_number(told["id_number"]):
            zh = "公民身份号码有误: 应为 18 位, 出生日期存在, 校验位相符 (GB 11643)"
            en = "not an ID number: 18 characters, a real day of birth, the right check digit (GB 11643)"
            faults.append(FieldFault.at("/applicant/id_number", "id_number_invalid", zh, en))
    if faults:
        raise Invalid("applicant_invalid", "申请人信息有误", "the applicant's particulars are not right", faults)
    return Applicant.model_validate(told)


def masked(applicant: Applicant) -> Applicant:
    """张**, 5****************X, 138****1234."""
    return Applicant(
        name=_starred(applicant.name, 1, 0),
        id_number=applicant.id_number and _starred(applicant.id_number, 1, 1),
        phone=applicant.phone and _starred(applicant.phone, 3, 4),
    )


def masked_form(form: Mapping[str, JsonValue], applicant: Applicant | None) -> dict[str, JsonValue]:
    """The form with the applicant's particulars, ID numbers and mobile numbers starred wherever they were filled in."""
    private = {value for value in applicant.model_dump().values() if value} if applicant else set()
    return {name: _masked(value, private) for name, value in form.items()}


def _masked(value: JsonValue, private: set[str]) -> JsonValue:
    if isinstance(value, dict):
        return {name: _masked(inner, private) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, private) for inner in value]
    text = str(value) if isinstance(value, str | int) else ""
    if text in private or _MOBILE.fullmatch(text) or is_id_number(text.upper()):
        return _starred(text, 1, 0)
    return value


def _starred(text: str, first: int, last: int) -> str:
    if len(text) <= first + last:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]
