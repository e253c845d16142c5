"""告警事件: an alarm in our own words, for analysis boxes and platforms that can choose what they send."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from contracts.alerts.models import AlertType
from contracts.shared import Model

MOST_EVENTS = 100
Attribute = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Alarm(Model):
    """What an alarm event says. All of it may be left out but that the event exists."""

    device: Name | None = Field(default=None, description="a registered device or a 20-digit code; None: the source")
    channel: Name | None = None
    type: AlertType | None = None
    raw_type: str | None = Field(
        default=None, max_length=64, description="the sender's own word, for a type mapping; None: the event's type"
    )
    active: bool = Field(default=True, description="False: it has ended")
    at: str | None = Field(
        default=None, max_length=60, description="ISO 8601; without an offset the device's zone; None: the event's time"
    )
    severity: int | None = Field(default=None, ge=1, le=4, description="1 is highest; None: the usual one of the type")
    rule: Name | None = None
    target: Literal["human", "vehicle"] | None = None
    longitude: float | None = Field(default=None, description="degrees, WGS 84")
    latitude: float | None = None
    media: list[Annotated[str, Field(max_length=2000)]] = Field(
        default=[], max_length=16, description="http addresses of pictures and clips; they stay where they are"
    )


class AlarmEvent(Model):
    """A CloudEvents 1.0 event in structured form. Source and id together name it: sent again it is not counted again.

    Example: `{"specversion": "1.0", "id": "42", "source": "/boxes/7", "type": "com.example.smoke", "data":
    {"channel": "3", "type": "fire_smoke", "at": "2026-03-14T08:15:00+08:00", "severity": 1}}`
    """

    specversion: Literal["1.0"]
    id: Attribute
    source: Attribute
    type: Attribute
    time: str | None = Field(default=None, max_length=60)
    data: Alarm


_BATCH = TypeAdapter(Annotated[list[AlarmEvent], Field(max_length=MOST_EVENTS)])


def alarm_events(value: JsonValue) -> list[AlarmEvent]:
    """The events of a body, one or a batch. Raises pydantic's ValidationError, which names the fields."""
    return _BATCH.validate_python(value) if isinstance(value, list) else [AlarmEvent.model_validate(value)]
