"""Lists of devices: good rows count, wrong ones are named."""

from typing import Any

from contracts.shared import Row
from services.alerts import registering

ROWS: list[tuple[dict[str, Any], str | None]] = [
    ({"device": "nvr-1", "name": "东区录像机", "gb_code": "23090200001110000005"}, None),
    ({"device": "nvr-1", "channel": "1", "channel_name": "东门", "longitude": "130.95", "latitude": 45.77}, None),
    ({"device": "nvr-1", "channel": 2, "longitude": 130.96, "latitude": 45.77, "datum": "CGCS2000"}, None),
    ({"device": "nvr-1", "channel": "2", "longitude": 130.96, "latitude": 45.77}, "channel_repeated"),
    ({"device": "nvr-1", "name": "西区录像机"}, "device_differs"),
    ({"name": "无编号"}, "device_missing"),
    ({"device": "$where"}, "device_missing"),
    ({"device": "a", "gb_code": "123"}, "gb_code_invalid"),
    ({"device": "a", "timezone": "Mars/Olympus"}, "timezone_unknown"),
    ({"device": "a", "owner": ["x"]}, "text_invalid"),
    ({"device": "a", "channel": "1"}, "place_missing"),
    ({"device": "a", "channel": "1", "longitude": 45.77, "latitude": 130.95}, "place_implausible"),
    ({"device": "a", "channel": "1", "longitude": "nan", "latitude": "nan"}, "place_implausible"),
    ({"device": "a", "channel": "1", "longitude": 130.9, "latitude": 45.7, "datum": "gcj02"}, "datum_unsupported"),
]


def test_rows_are_sorted_into_good_and_wrong() -> None:
    checked = registering.check([Row(line=line, values=values) for line, (values, _) in enumerate(ROWS, 2)])
    wrong = {fault.line: fault.code for fault in checked.rejected}
    assert wrong == {line: code for line, (_, code) in enumerate(ROWS, 2) if code}
    assert checked.devices == {"nvr-1": {"name": "东区录像机", "gb_code": "23090200001110000005"}}
    assert set(checked.channels) == {("nvr-1", "1"), ("nvr-1", "2")}
    assert all(" / " in fault.message for fault in checked.rejected)
