"""脱敏: what anybody may see of a person: that a value is there, and enough to recognise it by, never all of it."""

from contracts.faults import FieldFault, Invalid
from contracts.grid import MaskedPerson, Person
from services.grid.domain import mask_phone

STAR = "*"


def masked(person: Person) -> MaskedPerson:
    """李**, 230***********001X, 139****0000; how a person is related is free text and masked as a name is."""
    return MaskedPerson(
        name=mask_name(person.name),
        relation=person.relation and mask_name(person.relation),
        id_number=person.id_number and mask_id_number(person.id_number),
        phone=person.phone and mask_phone(person.phone),
    )


def mask_name(name: str) -> str:
    """The first character; of a single one nothing."""
    return name[0] + STAR * (len(name) - 1) if len(name) > 1 else STAR


def mask_id_number(number: str) -> str:
    """公民身份号码: the province and county's first digit, and the last four."""
    return number[:3] + STAR * (len(number) - 7) + number[-4:]


def refuse_masked(persons: list[Person]) -> None:
    """Invalid masked_value: what was shown masked has come back as if it were the value."""
    faults = [
        FieldFault(
            pointer=f"/persons/{at}/{name}",
            code="masked_value",
            zh="这是遮盖后的显示值, 请填写原值",
            en="this is a masked value",
        )
        for at, person in enumerate(persons)
        for name, value in (("name", person.name), ("relation", person.relation))
        if value and STAR in value
    ]
    if faults:
        raise Invalid("masked_value", "成员信息是遮盖后的显示值", "persons hold masked values", faults)
