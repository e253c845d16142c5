"""What is said of a building, room or household that is not there, or cannot be."""

from contracts.faults import Invalid, NotFound


def building_unknown(code: str) -> NotFound:
    """No such building."""
    return NotFound("building_unknown", f"没有楼栋 {code}", f"no building {code}", code_asked=code)


def room_unknown(code: str) -> NotFound:
    """No such room."""
    return NotFound("room_unknown", f"没有房屋 {code}", f"no room {code}", code_asked=code)


def household_unknown(household_no: str) -> NotFound:
    """No such household."""
    return NotFound(
        "household_unknown",
        f"没有编号为 {household_no} 的户",
        f"no household {household_no}",
        household_no=household_no,
    )


def building_code_invalid(code: str) -> Invalid:
    """A new building's code begins with that of a known grid."""
    return Invalid.field(
        "/code", "grid_code_invalid", f"楼栋编码所属网格 {code[:15]} 不存在", f"there is no grid {code[:15]}"
    )


def room_missing() -> Invalid:
    """A household lives somewhere."""
    return Invalid.field("/room", "missing", "新户必须写明房屋", "a new household needs its room")
