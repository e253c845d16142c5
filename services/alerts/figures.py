"""告警数字: counting what waits and what the day brought. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from contracts.alerts import AlertFigures, AlertState, AlertType, DeviceState, IncidentState, Noisy, Verdict
from services.alerts.domain import DEFAULT_TIMEZONE

CITY = ZoneInfo(DEFAULT_TIMEZONE)
NOISIEST = 10
FALSE = (Verdict.FALSE, Verdict.TEST)


class Waiting(NamedTuple):
    """An alert that is not closed."""

    state: AlertState
    type: AlertType
    severity: int
    grid: str | None
    has_case: bool


class Raised(NamedTuple):
    """An alert of today. `reports` are all that it stands for, `acknowledged_at` is when a person took it."""

    at: datetime
    device: str
    channel: str
    name: str | None
    reports: int
    suppressed: int
    muted: bool
    verdict: Verdict | None
    acknowledged_at: datetime | None


def midnight(now: datetime) -> datetime:
    """When the city's day began."""
    return now.astimezone(CITY).replace(hour=0, minute=0, second=0, microsecond=0)


def counted(
    waiting: Iterable[Waiting],
    raised: Iterable[Raised],
    incidents: dict[IncidentState, int],
    devices: dict[DeviceState, int],
    now: datetime,
) -> AlertFigures:
    """The figures of what waits, of the alerts raised since midnight, and of incidents and devices as counted."""
    found, today = list(waiting), list(raised)
    located = [one for one in found if one.grid]
    hours = Counter((one.at - midnight(now)) // timedelta(hours=1) for one in today)
    answered = [(one.acknowledged_at - one.at).total_seconds() for one in today if one.acknowledged_at]
    return AlertFigures(
        counted_at=now,
        open=len(found),
        unlocated=len(found) - len(located),
        open_by_grid=Counter(one.grid for one in located if one.grid),
        in_cases_by_grid=Counter(one.grid for one in located if one.grid and one.has_case),
        states=Counter(one.state for one in found),
        severities=Counter(one.severity for one in found),
        types=Counter(one.type for one in found),
        raised_today=len(today),
        hours=[hours[hour] for hour in range(24)],
        muted_today=sum(one.muted for one in today),
        suppressed_today=sum(one.suppressed for one in today),
        verdicts_today=Counter(one.verdict for one in today if one.verdict),
        answered_after_s=median(answered) if answered else None,
        noisiest=_noisiest(today),
        incidents=incidents,
        devices=devices,
    )


def _noisiest(today: Sequence[Raised]) -> list[Noisy]:
    """The channels with the most reports, of equals those with the most alerts."""
    channels: dict[tuple[str, str], list[Raised]] = {}
    for one in today:
        channels.setdefault((one.device, one.channel), []).append(one)
    found = [
        Noisy(
            device=device,
            channel=channel,
            name=alerts[-1].name,
            alerts=len(alerts),
            reports=sum(one.reports for one in alerts),
            falsely=sum(one.verdict in FALSE for one in alerts),
        )
        for (device, channel), alerts in channels.items()
    ]
    return sorted(found, key=lambda one: (-one.reports, -one.alerts, one.device, one.channel))[:NOISIEST]
