"""What the charts of 考核 show: names and values, which figures.js draws; a table beside each says the same. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.console.alert_words import ALERT_FIGURES
from services.console.wording import CASE_FIGURES, word

Told = Mapping[str, Any]
MOST_BARS = 15
FIGURES = CASE_FIGURES | ALERT_FIGURES


def charts(found: Told, orgs: Sequence[Told], language: str) -> dict[str, dict[str, Any]]:
    """By place on the page. `kind` days, hours or bars; `series` have name, colour (of the style sheet) and values."""
    busiest = sorted(orgs, key=lambda org: -org["open"])[:MOST_BARS]
    categories = found["categories"][:MOST_BARS]
    return {
        "daily": _chart(
            "days",
            word(language, "每日上报与结案", "Reported and closed by day"),
            [day["day"] for day in found["daily"]],
            _series(found["daily"], language, reported="--accent", closed="--good"),
        ),
        "orgs": _chart(
            "bars",
            word(language, "各单位未结与超时", "Open and overdue by organisation"),
            [org["name"] for org in busiest],
            _series(busiest, language, open="--accent", overdue="--bad"),
        ),
        "categories": _chart(
            "bars",
            word(language, "各分类上报与结案", "Reported and closed by category"),
            [one["name"] for one in categories],
            _series(categories, language, reported="--accent", closed="--good"),
        ),
    }


def alert_charts(alerts: Told, language: str) -> dict[str, dict[str, Any]]:
    """As `charts`, of the video network today."""
    hours = [{"raised": count} for count in alerts["hours"]]
    noisiest = alerts["noisiest"]
    return {
        "hours": _chart(
            "hours",
            word(language, "今日告警, 按小时", "Alerts today, by hour"),
            [str(hour) for hour in range(len(hours))],
            _series(hours, language, raised="--accent"),
        ),
        "noisiest": _chart(
            "bars",
            word(language, "今日上报最多的点位", "Channels that report most today"),
            [one["name"] or f"{one['device']} / {one['channel']}" for one in noisiest],
            _series(noisiest, language, alerts="--accent", falsely="--bad"),
        ),
    }


def _chart(kind: str, title: str, names: list[str], series: list[dict[str, Any]]) -> dict[str, Any]:
    sums = ", ".join(f"{one['name']} {sum(one['values'])}" for one in series)
    return {"kind": kind, "title": title, "described": f"{title}: {sums}", "names": names, "series": series}


def _series(rows: Sequence[Told], language: str, **colours: str) -> list[dict[str, Any]]:
    return [
        {"name": word(language, *FIGURES[name]), "colour": colour, "values": [row[name] for row in rows]}
        for name, colour in colours.items()
    ]
