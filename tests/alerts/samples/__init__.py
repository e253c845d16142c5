"""Every shape seen in the field: a fixture of each, and what must come of it."""

from collections.abc import Mapping

from .cameras import DAHUA, HIKVISION, ONVIF
from .expected import Outcome
from .platforms import ALERTMANAGER, CLOUDEVENTS, FRIGATE, GB28181

# adapter -> fixture -> outcome
SAMPLES: Mapping[str, Mapping[str, Outcome]] = {
    "hikvision": HIKVISION,
    "dahua": DAHUA,
    "onvif": ONVIF,
    "gb28181": GB28181,
    "frigate": FRIGATE,
    "cloudevents": CLOUDEVENTS,
    "alertmanager": ALERTMANAGER,
}
# adapter -> how its senders announce a body
CONTENT_TYPES = {
    "hikvision": "application/xml",
    "dahua": "multipart/x-mixed-replace; boundary=myboundary",
    "onvif": "application/soap+xml; charset=utf-8",
    "gb28181": "application/xml",
    "frigate": "application/json",
    "cloudevents": "application/json",
    "alertmanager": "application/json",
}
# what a door must keep to itself, wherever in a fixture it stands
SECRETS = ("hunter2-secret", "CANARY1", "张三", "13800000000")
