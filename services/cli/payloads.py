"""What cameras send: made-up payloads of four vendors, as wild as real ones. The demo and `yiwang camera` play them.

Alarms repeat with a growing counter, most never say that they stop, many cameras only say that they live, and some
send what nobody can read. Addresses are of the documentation range, pictures are one grey dot.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, Protocol

Becomes = Literal["parsed", "heartbeat", "ignored", "rejected"]

CHINA = timezone(timedelta(hours=8))
NAMESPACES = (
    'version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"',
    'version="1.0" xmlns="http://www.std-cgi.com/ver20/XMLSchema"',
    'version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"',
    'version="1.0"',
)
BOUNDARY = "boundary-of-the-camera"
GREY_DOT = bytes.fromhex(
    f"ffd8 ffdb004300{'01' * 64} ffc0000b080001000101011100"
    f"ffc400140001{'00' * 15}00 ffc400141001{'00' * 15}00 ffda0008010100003f00 3f ffd9"
)
HIKVISION = """<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert {namespace}>
<ipAddress>192.0.2.{host}</ipAddress><portNo>80</portNo><protocol>HTTP</protocol>
<macAddress>02:00:00:00:00:{host:02x}</macAddress><channelID>{channel}</channelID><dateTime>{at}</dateTime>
<activePostCount>{count}</activePostCount><eventType>{event}</eventType><eventState>{state}</eventState>
<eventDescription>{event} alarm</eventDescription>{region}<channelName>{name}</channelName>
</EventNotificationAlert>"""
REGION = """
<DetectionRegionList><DetectionRegionEntry><regionID>1</regionID><sensitivityLevel>50</sensitivityLevel>
<RegionCoordinatesList><RegionCoordinates><positionX>120</positionX><positionY>400</positionY></RegionCoordinates>
<RegionCoordinates><positionX>880</positionX><positionY>400</positionY></RegionCoordinates></RegionCoordinatesList>
<detectionTarget>human</detectionTarget></DetectionRegionEntry></DetectionRegionList>
"""
NATIONAL = """<?xml version="1.0" encoding="GB2312"?>
<Notify><CmdType>Alarm</CmdType><SN>{serial}</SN><DeviceID>{device}</DeviceID><AlarmPriority>2</AlarmPriority>
<AlarmMethod>{method}</AlarmMethod><AlarmTime>{at}</AlarmTime><AlarmDescription>合成演示报警</AlarmDescription>
<Info><AlarmType>{kind}</AlarmType></Info></Notify>"""
KEEPALIVE = """<?xml version="1.0" encoding="GB2312"?>
<Notify><CmdType>Keepalive</CmdType><SN>{serial}</SN><DeviceID>{device}</DeviceID><Status>OK</Status></Notify>"""
DOCTYPE = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><EventNotificationAlert>&b;</EventNotificationAlert><!--%d-->'
)
DAHUA_BOUNDARY = "myboundary"
NOTIFY = """<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"
 xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics"><env:Body><wsnt:Notify>
<wsnt:NotificationMessage><wsnt:Topic>tns1:{topic}</wsnt:Topic><wsnt:Message>
<tt:Message UtcTime="{at}" {operation}>
<tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="{channel}"/></tt:Source>
<tt:Data><tt:SimpleItem Name="{item}" Value="{value}"/></tt:Data></tt:Message></wsnt:Message>
</wsnt:NotificationMessage></wsnt:Notify></env:Body></env:Envelope>"""
ITEMS = {"RuleEngine/CellMotionDetector/Motion": "IsMotion", "RuleEngine/TamperDetector/Tamper": "IsTamper"}
# what the cameras of each vendor see: 报警方式/报警类型 5/6 入侵, 2/1 视频丢失
EVENTS = {
    "hikvision": ("fielddetection", "linedetection", "VMD"),
    "gb28181": ("5/6", "5/2", "2/1"),
    "dahua": ("CrossRegionDetection", "CrossLineDetection", "VideoMotion"),
    "onvif": tuple(ITEMS),
}


class Camera(Protocol):
    """What a camera says of itself. Its reports are filed under `device`."""

    @property
    def device(self) -> str:
        """Name of the source; of a camera behind a GB/T 28181 platform its code 国标编码."""

    @property
    def channel(self) -> str:
        """Its picture."""

    @property
    def vendor(self) -> str:
        """The adapter that reads it."""

    @property
    def name(self) -> str:
        """For people."""


@dataclass(frozen=True)
class Payload:
    """One post and what must become of it (None: nobody knows).

    `alarm` names what is seen: equal ones are one alert while it goes on. `stops`: it says that the alarm is over.
    """

    adapter: str
    source: str
    content_type: str
    body: bytes
    becomes: Becomes | None
    alarm: tuple[str, str] | None = None
    stops: bool = False

    @property
    def path(self) -> str:
        """Where it is posted."""
        return f"/v1/intake/{self.adapter}/{self.source}"


def alarm(camera: Camera, seen: str, at: datetime, count: int, *, stops: bool = False) -> Payload:
    """The `count`-th word of an alarm that goes on, or its last, in the words of the camera's vendor."""
    if camera.vendor == "gb28181":
        return gb(camera, seen, at, count)
    if camera.vendor == "hikvision":
        return hikvision(camera, seen, at, count, stops=stops)
    if camera.vendor == "dahua":
        return dahua(camera, seen, at, count, stops=stops)
    return onvif(camera, seen, at, stops=stops)


def hikvision(
    camera: Camera, seen: str, at: datetime, count: int, *, stops: bool = False, picture: bool = False
) -> Payload:
    """The `count`-th repeat of an alarm that goes on, or its end."""
    state, region = "inactive" if stops else "active", "" if seen == "VMD" else REGION
    xml = event(camera, seen, at, count, region=region, state=state)
    content_type, body = multipart(xml) if picture else ("application/xml", xml)
    return Payload("hikvision", camera.device, content_type, body, "parsed", (camera.device, seen), stops)


def gb(camera: Camera, seen: str, at: datetime, serial: int) -> Payload:
    """An alarm that a platform hands over, GB2312, its time without a zone. It never says that it is over."""
    method, _, kind = seen.partition("/")
    local = at.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S")
    body = NATIONAL.format(serial=serial, device=camera.device, method=method, kind=kind, at=local).encode("gb2312")
    return Payload("gb28181", "gb-platform", "Application/MANSCDP+xml", body, "parsed", (camera.device, seen))


def dahua(camera: Camera, seen: str, at: datetime, serial: int, *, stops: bool = False) -> Payload:
    """A piece of its event stream."""
    told = {"Name": "R1", "EventSeq": serial, "UTC": int(at.timestamp()), "UTCMS": at.microsecond // 1000}
    line = f"Code={seen};action={'Stop' if stops else 'Start'};index=0;data={json.dumps(told)}"
    return replace(_streamed(camera, line), becomes="parsed", alarm=(camera.device, seen), stops=stops)


def onvif(camera: Camera, topic: str, at: datetime, *, stops: bool = False) -> Payload:
    """A notification that a property has changed."""
    notified = _notified(camera, topic, at, 'PropertyOperation="Changed"', "false" if stops else "true")
    return replace(notified, becomes="parsed", alarm=(camera.device, topic), stops=stops)


def heartbeat(camera: Camera, at: datetime, serial: int) -> Payload:
    """I live. Hikvision says so by a loss of video that is not active, ONVIF by the state of a property."""
    if camera.vendor == "gb28181":
        body = KEEPALIVE.format(serial=serial, device=camera.device).encode("gb2312")
        return Payload("gb28181", "gb-platform", "Application/MANSCDP+xml", body, "heartbeat")
    if camera.vendor == "dahua":
        return _streamed(camera, "Heartbeat")
    if camera.vendor == "onvif":
        return _notified(camera, next(iter(ITEMS)), at, 'PropertyOperation="Initialized"', "false")
    body = event(camera, "videoloss", at, 0, state="inactive", channel="0")
    return Payload("hikvision", camera.device, 'application/xml; charset="UTF-8"', body, "heartbeat")


def garbage(camera: Camera, now: datetime, serial: int = 1) -> list[Payload]:
    """Cut off in the middle, and an attempt to declare entities."""
    whole = event(camera, "fielddetection", now, serial)
    broken = (whole[: len(whole) // 2], DOCTYPE % serial)
    return [Payload("hikvision", camera.device, "application/xml", body, "rejected") for body in broken]


def event(
    camera: Camera,
    name: str,
    at: datetime,
    count: int,
    *,
    region: str = "",
    state: str = "active",
    channel: str | None = None,
) -> bytes:
    """One EventNotificationAlert in the dialect of this camera."""
    host = sum(map(ord, camera.device)) % 250
    return HIKVISION.format(
        namespace=NAMESPACES[host % len(NAMESPACES)],
        host=host,
        channel=channel or camera.channel,
        at=at.astimezone(CHINA).isoformat(timespec="seconds"),
        count=count,
        event=name,
        state=state,
        region=region,
        name=camera.name,
    ).encode()


def multipart(xml: bytes) -> tuple[str, bytes]:
    """The report with its picture."""
    parts = (("event.xml", "application/xml", xml), ("picture.jpg", "image/jpeg", GREY_DOT))
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\nContent-Type: %b\r\n\r\n%b\r\n'
        % (BOUNDARY.encode(), name.encode(), kind.encode(), content)
        for name, kind, content in parts
    )
    return f"multipart/form-data; boundary={BOUNDARY}", body + f"--{BOUNDARY}--\r\n".encode()


def _streamed(camera: Camera, line: str) -> Payload:
    body = (
        f"--{DAHUA_BOUNDARY}\r\nContent-Type: text/plain\r\nContent-Length: {len(line)}\r\n\r\n"
        f"{line}\r\n--{DAHUA_BOUNDARY}--\r\n"
    )
    kind = f"multipart/x-mixed-replace; boundary={DAHUA_BOUNDARY}"
    return Payload("dahua", camera.device, kind, body.encode(), "heartbeat")


def _notified(camera: Camera, topic: str, at: datetime, operation: str, value: str) -> Payload:
    utc = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"topic": topic, "at": utc, "operation": operation, "item": ITEMS[topic], "value": value}
    body = NOTIFY.format(**told, channel=camera.channel).encode()
    return Payload("onvif", camera.device, "application/soap+xml; charset=utf-8", body, "ignored")
