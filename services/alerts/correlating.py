"""研判: which alerts are one matter, by rules. The same evaluation for what comes in and for a trial. Pure.

A window holds what a rule has lately seen of one group. An alert goes through the rules in their order; the first that
puts it into an incident has it, the later ones merely know of it. Rules of governance 未诉先办 count beside.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import NamedTuple

from contracts.alerts import AlertType, Rule, RuleBody
from contracts.alerts.families import family

# beyond the threshold: more than a round takes, so that one that was cut short finds its own again
MOST_MEMBERS = 128
SEEN = frozenset({"human", "vehicle"})


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert as rules see it; `channel` is the key of its channel, `at` when its first report came."""

    id: str
    at: datetime
    type: AlertType
    severity: int
    device: str
    channel: str
    grid: str | None = None
    within: frozenset[str] = frozenset()
    target: str | None = None
    subject: str | None = None
    scene: str | None = None
    muted: bool = False


class Member(NamedTuple):
    """An alert in a window. `key` is what the rule tells different ones by.

    `taken`: this window has put it into its incident; the others merely know of it.
    """

    alert: str
    at: datetime
    key: str
    severity: int
    incident: str | None = None
    taken: bool = False


@dataclass
class Window:
    """窗口: the latest alerts of one group under one rule, and the incident that takes further ones.

    `begun` are incidents that it has opened of which alerts are in it; some may not stand yet.
    """

    id: str
    rule: str
    group: Mapping[str, str]
    members: list[Member] = field(default_factory=list)
    running: str | None = None
    begun: list[str] = field(default_factory=list)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before. `incidents`: the running one that each of these stands for; None: it has ended.

    `placed`: the ordinary incidents of alerts; `channels`: how many channels a device has.
    """

    windows: Mapping[str, Window]
    incidents: Mapping[str, str | None] = field(default_factory=dict)
    placed: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, int] = field(default_factory=dict)


def matches(rule: RuleBody, seen: Seen) -> bool:
    """Whether a rule looks at an alert at all: never at a muted one, nor at what nobody has named."""
    match = rule.match
    return (
        rule.enabled
        and not seen.muted
        and seen.type is not AlertType.UNKNOWN
        and seen.severity <= match.severity_at_least
        and _among(seen.type, match.types)
        and _among(seen.target, match.targets)
        and _among(seen.device, match.devices)
        and _among(seen.scene, match.scenes)
        and (not match.grids or not seen.within.isdisjoint(match.grids))
        and not (match.seen and seen.type is AlertType.MOTION and seen.target not in SEEN)
    )


def group(rule: RuleBody, seen: Seen) -> dict[str, str] | None:
    """What the rule puts together; without a grid it is the channel. None: the alert has no such thing."""
    values = {
        "grid": seen.grid or f"channel:{seen.channel}",
        "device": seen.device,
        "channel": seen.channel,
        "type": seen.type.value,
        "family": family(seen.type),
        "subject": seen.subject,
    }
    found: dict[str, str] = {name: value for name in rule.group_by if (value := values[name])}
    return found if len(found) == len(set(rule.group_by)) else None


def window_id(rule: str, group: Mapping[str, str]) -> str:
    """`rule:<24 hex digits>`."""
    key = "\x1f".join(f"{name}={value}" for name, value in sorted(group.items()))
    return f"{rule}:{sha256(key.encode()).hexdigest()[:24]}"


def windows_of(rules: Iterable[Rule], seen: Seen) -> list[tuple[Rule, str, dict[str, str]]]:
    """The windows that an alert belongs to, in the order of the rules."""
    found = ((rule, group(rule, seen)) for rule in rules if matches(rule, seen))
    return [(rule, window_id(rule.id, values), values) for rule, values in found if values]


class Correlation:
    """One evaluation. `windows` are as they come out, `taken` the alerts that each incident gets.

    `takers` are the windows that put alerts into incidents. They are to be written before the others, which only know.
    """

    def __init__(self, rules: Iterable[Rule], known: Known) -> None:
        self.rules = sorted(rules, key=lambda rule: (rule.order, rule.id))
        self.windows = {id: replace(window) for id, window in known.windows.items()}
        self.taken: dict[str, set[str]] = {}
        self.takers: set[str] = set()
        self._incidents, self._channels = known.incidents, known.channels
        self._governing = {rule.id for rule in self.rules if rule.governance}
        # decided, though perhaps cut short; what a window notes of any other that is unknown was never decided
        self._begun = {incident for window in self.windows.values() for incident in window.begun}
        self._known = known.placed
        self._placed = self._noted() | dict(known.placed)

    def run(self, batch: Iterable[Seen]) -> None:
        """Put alerts into incidents, oldest first."""
        ordered = sorted(batch, key=lambda one: one.id)
        waiting = {seen.id for seen in ordered}
        # left by a round that was cut short: only the window that takes an alert decides upon it, and whoever was not
        # decided upon comes again in turn
        decided = self._noted(taking=True) | dict(self._known)
        self._placed = {alert: found for alert, found in self._placed.items() if alert not in waiting - decided.keys()}
        for window in self.windows.values():
            window.members = [one for one in window.members if one.alert not in waiting or self._incident(window, one)]
        for seen in ordered:
            self._one(seen)
        for window in self.windows.values():
            window.members = [member._replace(incident=self._incident(window, member)) for member in window.members]
            inside = {member.incident for member in window.members}
            window.begun = [incident for incident in window.begun if incident in inside]

    def _noted(self, *, taking: bool = False) -> dict[str, str]:
        """The ordinary incidents of alerts as windows know them; `taking`: as those do that put them there.

        Of one that does not stand yet no other window can be trusted: it may have been written alone.
        """
        return {
            member.alert: member.incident
            for window in self.windows.values()
            if window.rule not in self._governing
            for member in window.members
            if member.incident and self._exists(member.incident)
            if member.taken or (not taking and member.incident in self._incidents)
        }

    def _one(self, seen: Seen) -> None:
        before = self._placed.get(seen.id)
        if before:
            self._take(self._alive(before) or before, seen.id)
        for rule, id, values in windows_of(self.rules, seen):
            window = self.windows.setdefault(id, Window(id, rule.id, values))
            mine = self._enter(rule, window, seen)
            incident = self._incident(window, mine)
            if incident is None:
                self._consider(rule, window, seen)
            elif mine.taken and (before or rule.governance):
                # whoever was meant to go into it with this alert goes along
                for member in window.members:
                    if member.taken and self._incident(window, member) == incident:
                        self._take(incident, member.alert)

    def _enter(self, rule: Rule, window: Window, seen: Seen) -> Member:
        """Leave in the window what counts with this alert, itself the last."""
        mine = Member(seen.id, seen.at, _key(rule, seen), seen.severity)
        mine = next((member for member in window.members if member.alert == seen.id), mine)
        others = [member for member in self._kept(rule, window, seen) if member.alert != seen.id]
        window.members = [*others, mine][-(rule.threshold + MOST_MEMBERS) :]
        return mine

    def _consider(self, rule: Rule, window: Window, seen: Seen) -> None:
        """Join what runs, or open what has become enough."""
        members = lately(window, rule, seen.at)
        placed = {member.alert: found for member in members if (found := self._incident(window, member))}
        alive = [found for incident in placed.values() if (found := self._alive(incident))]
        target = self._alive(window.running) if window.running else None
        if target not in alive:
            counted = [one for one in members if one.alert not in placed or self._alive(placed[one.alert])]
            if len({member.key for member in counted}) < self._needed(rule, seen):
                return
            # what is in a running incident by another rule already is the same matter
            target = alive[0] if alive else self._open(window, counted, seen)
        window.running = target
        self.takers.add(window.id)
        fresh = {member.alert for member in members} - placed.keys()
        for alert in fresh if target else ():
            self._take(target, alert)
        window.members = [
            one._replace(incident=target, taken=True) if one.alert in fresh else one for one in window.members
        ]
        if not rule.governance:
            self._placed |= dict.fromkeys(fresh, target)

    def owner(self, incident: str) -> str:
        """The rule of an incident that was opened or begun here."""
        return next(window.rule for window in self.windows.values() if incident in window.begun)

    def _open(self, window: Window, members: Iterable[Member], seen: Seen) -> str:
        """In the order of the alerts that made them: `20260314T081500123-<12 hex digits>`."""
        lead = min(members, key=lambda member: (member.severity, member.alert))
        id = f"{seen.id[:18]}-{_digest(window.id, lead.alert)}"
        self._begun.add(id)
        window.begun = [*window.begun, id]
        return id

    def _needed(self, rule: Rule, seen: Seen) -> int:
        share = ceil(rule.share * self._channels.get(seen.device, 1)) if rule.share else 0
        return max(rule.threshold, share)

    def _take(self, incident: str, alert: str) -> None:
        self.taken.setdefault(incident, set()).add(alert)

    def _incident(self, window: Window, member: Member) -> str | None:
        if window.rule not in self._governing:
            return self._placed.get(member.alert)
        return member.incident if member.incident and self._exists(member.incident) else None

    def _exists(self, incident: str) -> bool:
        return incident in self._incidents or incident in self._begun

    def _alive(self, incident: str) -> str | None:
        return self._incidents.get(incident, incident if incident in self._begun else None)

    def _kept(self, rule: Rule, window: Window, seen: Seen) -> list[Member]:
        """What counts with an alert, and what this evaluation itself has put into an incident."""
        since = seen.at - timedelta(seconds=rule.window_s)
        return [
            one
            for one in window.members
            if one.at >= since or one.alert in self.taken.get(self._incident(window, one) or "", ())
        ]


def lately(window: Window, rule: RuleBody, at: datetime) -> list[Member]:
    """The members that the rule looks at then. Later ones are there where a round is done again."""
    reach = timedelta(seconds=rule.window_s)
    return [member for member in window.members if abs(member.at - at) <= reach]


def _digest(window: str, lead: str) -> str:
    return sha256(f"{window}\x1f{lead}".encode()).hexdigest()[:12]


def _key(rule: Rule, seen: Seen) -> str:
    found = {"alert": seen.id, "channel": seen.channel, "device": seen.device, "type": seen.type.value}
    return found[rule.distinct_by]


def _among(value: str | None, wanted: Sequence[str]) -> bool:
    return not wanted or value in wanted
