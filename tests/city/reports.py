"""One alarm of each adapter that says more than it should: a password, a plate, an identity number, a place."""

import json
from datetime import datetime

from services.alerts.adapters import ADAPTERS

from .canary import Canary


def private(canary: Canary, now: datetime) -> list[tuple[str, bytes]]:
    """(adapter, body) for every adapter that there is; each value is of that body alone."""
    at, second = now.isoformat(timespec="seconds"), now.timestamp()
    return [(adapter, MADE[adapter](Told(canary, adapter), at, second).encode()) for adapter in ADAPTERS]


class Told:
    """What nobody else may be told."""

    def __init__(self, canary: Canary, adapter: str) -> None:
        self.password = canary.text(f"{adapter} password")
        self.plate = canary.text(f"{adapter} plate")
        self.identity = canary.identity(f"{adapter} identity")
        self.place = f"131.{canary.digits(f'{adapter} place', 12)}"
        self.picture = f"http://admin:{self.password}@10.20.0.9/picture/1?token={self.password}"


def _hikvision(told: Told, at: str, _: float) -> str:
    return (
        f"<EventNotificationAlert><channelID>1</channelID><dateTime>{at}</dateTime><eventType>ANPR</eventType>"
        f"<eventState>active</eventState><userName>admin</userName><password>{told.password}</password>"
        f"<ANPR><licensePlate>{told.plate}</licensePlate><certificateNumber>{told.identity}</certificateNumber></ANPR>"
        f"<DeviceGPSInfo><longitude>{told.place}</longitude></DeviceGPSInfo><bkgUrl>{told.picture}</bkgUrl>"
        "</EventNotificationAlert>"
    )


def _dahua(told: Told, _: str, second: float) -> str:
    said = {
        "Name": "T1",
        "UTC": int(second),
        "Object": {"ObjectType": "Plate", "Text": told.plate},
        "TrafficCar": {"PlateNumber": told.plate, "Longitude": told.place},
        "Person": {"CertificateNumber": told.identity, "Longitude": told.place},
        "UserName": "admin",
        "Password": told.password,
        "PicUrl": told.picture,
    }
    listed = json.dumps(said, ensure_ascii=False, indent=1)
    return (
        f"--myboundary\r\nContent-Type: text/plain\r\n\r\nCode=TrafficJunction;action=Pulse;index=0;data={listed}\r\n"
    )


def _onvif(told: Told, at: str, _: float) -> str:
    values = {"IsMotion": "true", "PlateNumber": told.plate, "IDNumber": told.identity, "Longitude": told.place}
    items = "".join(f'<tt:SimpleItem Name="{name}" Value="{value}"/>' for name, value in values.items())
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://docs.oasis-open.org/wsn/b-2" '
        'xmlns:tt="http://www.onvif.org/ver10/schema"><s:Header><UsernameToken><Password>'
        f"{told.password}</Password></UsernameToken></s:Header><s:Body><n:Notify><n:NotificationMessage>"
        "<n:Topic>tns1:RuleEngine/CellMotionDetector/Motion</n:Topic><n:ProducerReference><Address>"
        f"{told.picture.replace('&', '&amp;')}</Address></n:ProducerReference><n:Message>"
        f'<tt:Message UtcTime="{at}" PropertyOperation="Changed"><tt:Source><tt:SimpleItem '
        f'Name="VideoSourceConfigurationToken" Value="1"/></tt:Source><tt:Data>{items}</tt:Data></tt:Message>'
        "</n:Message></n:NotificationMessage></n:Notify></s:Body></s:Envelope>"
    )


def _gb28181(told: Told, at: str, _: float) -> str:
    return (
        "<Notify><CmdType>Alarm</CmdType><SN>1</SN><DeviceID>23090300001320999901</DeviceID><AlarmPriority>4"
        f"</AlarmPriority><AlarmMethod>4</AlarmMethod><AlarmTime>{at[:19]}</AlarmTime><AlarmDescription>{told.plate} "
        f"{told.identity}</AlarmDescription><Longitude>{told.place}</Longitude><Latitude>45.7</Latitude>"
        f"<Password>{told.password}</Password><Info><ExtraInfo>{told.picture}</ExtraInfo></Info></Notify>"
    )


def _frigate(told: Told, _: str, second: float) -> str:
    seen = {"objects": ["person"], "sub_labels": [told.plate, told.identity], "zones": [], "audio": []}
    after = {
        "id": f"{second:.6f}-canary",
        "camera": "gate",
        "start_time": second,
        "end_time": None,
        "severity": "alert",
        "data": {**seen, "detections": [f"{second:.6f}-seen01"], "metadata": {"url": told.picture}},
        "recognized_license_plate": told.plate,
        "position": told.place,
    }
    return json.dumps({"type": "new", "before": after, "after": after}, ensure_ascii=False)


def _cloudevents(told: Told, at: str, _: float) -> str:
    alarm = {
        "channel": "1",
        "type": "face_match",
        "at": at,
        "media": [told.picture],
        "plate": told.plate,
        "person": {"id_number": told.identity, "longitude": told.place},
        "password": told.password,
    }
    event = {"specversion": "1.0", "id": "1", "source": "/canary", "type": "canary", "subject": told.identity}
    return json.dumps({**event, "data": alarm}, ensure_ascii=False)


def _alertmanager(told: Told, at: str, _: float) -> str:
    alert = {
        "status": "firing",
        "labels": {"alertname": "VideoLoss", "channel": "1", "plate": told.plate, "owner": told.identity},
        "annotations": {"summary": f"{told.password} {told.place}", "link": told.picture},
        "startsAt": at,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": told.picture,
        "fingerprint": "ca9a47ca9a47ca9a",
    }
    return json.dumps({"version": "4", "status": "firing", "alerts": [alert]}, ensure_ascii=False)


MADE = {
    "hikvision": _hikvision,
    "dahua": _dahua,
    "onvif": _onvif,
    "gb28181": _gb28181,
    "frigate": _frigate,
    "cloudevents": _cloudevents,
    "alertmanager": _alertmanager,
}
