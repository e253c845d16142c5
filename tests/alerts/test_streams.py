"""Streams that are cut into bodies anywhere: what stands whole in one is read, nothing is invented, a cut is told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.alerts import CanonicalReport
from services.alerts import adapters
from services.alerts.adapters import Unreadable
from services.alerts.adapters.wire import code_of

from .scene import fixture

CUT = {"channel_cut", "data_unreadable", "not_an_event", "part_unreadable", "truncated"}
HIKVISION = "multipart/mixed; boundary=boundary"
DAHUA = "multipart/x-mixed-replace; boundary=myboundary"


@dataclass(frozen=True)
class Stream:
    """Bytes, and where in them the events lie."""

    body: bytes
    events: tuple[tuple[int, int], ...]

    def whole(self, begin: int, end: int) -> list[tuple[int, int]]:
        return [event for event in self.events if begin <= event[0] and event[1] <= end]

    def cut(self, at: int) -> bool:
        return any(begin < at < end for begin, end in self.events)


NAMES = st.text(st.sampled_from('东门{}[];:,"\\\n\r=-C' + "Code=x"), max_size=12)
DATA = st.fixed_dictionaries(
    {"Name": NAMES, "UTC": st.integers(1_700_000_000, 1_800_000_000)},
    optional={
        "Object": st.fixed_dictionaries({"ObjectType": st.sampled_from(["Human", "Vehicle", "Unknown"])}),
        "DetectLine": st.just([[1, 2], [3, 4]]),
    },
)


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """One to four events, each a part as devices write them."""
    body, events = b"", []
    for _ in range(draw(st.integers(1, 4))):
        end = draw(st.sampled_from(["\r\n", "\n"]))
        headers = draw(st.sampled_from([[], ["Content-Length: 40"], ["Content-Type: text/plain", "Content-Length: 3"]]))
        code = draw(st.sampled_from(["VideoMotion", "CrossLineDetection", "VideoLoss", "Smell"]))
        action = draw(st.sampled_from(["Start", "Stop", "Pulse"]))
        event = f"Code={code};action={action};index={draw(st.integers(0, 31))}"
        if data := draw(st.none() | DATA):
            event += ";data=" + json.dumps(data, ensure_ascii=False, indent=draw(st.sampled_from([None, 3])))
        body += end.join(["--myboundary", *headers, *([""] if headers else []), ""]).encode()
        events.append((len(body), len(body) + len(event.encode())))
        body += (event + end + draw(st.sampled_from(["", end]))).encode()
    return Stream(body + draw(st.sampled_from([b"", b"--myboundary--\r\n"])), tuple(events))


def read(adapter: str, piece: bytes, content_type: str) -> tuple[list[CanonicalReport], set[str]]:
    """What raises something, and what is said of a cut."""
    try:
        reports = adapters.read(adapter, piece, content_type)
    except Unreadable as refused:
        assert refused.code in ("truncated", "empty", "undecodable", "xml_missing", "report_missing"), refused.code
        return [], {"truncated"}
    notes = {code_of(note) for report in reports for note in report.notes}
    return [report for report in reports if report.kind == "alarm"], notes & CUT


def told(report: CanonicalReport) -> tuple[object, ...]:
    """All but the notes."""
    return tuple(value for name, value in report.model_dump().items() if name != "notes")


def check(stream: Stream, cuts: Sequence[int]) -> None:
    told_before = True
    for begin, end in pairwise([0, *sorted(set(cuts)), len(stream.body)]):
        reports, said = read("dahua", stream.body[begin:end], DAHUA)
        left = [told(report) for report in reports]
        for first, last in stream.whole(begin, end):
            (alone,), _ = read("dahua", stream.body[first:last] + b"\n", DAHUA)
            assert told(alone) in left, "lost"
            left.remove(told(alone))
        assert len(left) <= stream.cut(end), "invented"
        # of index=20 may be left what is told by a whole index=2
        cut = [told(report) for report in reports if CUT & {code_of(note) for note in report.notes}]
        assert all(left.count(one) <= cut.count(one) for one in left)
        if stream.cut(begin):
            assert said or told_before, "a cut that nobody tells"
        told_before = bool(said)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams())
def test_a_dahua_stream_may_be_cut_at_every_byte(stream: Stream) -> None:
    for at in range(1, len(stream.body)):
        check(stream, [at])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams(), st.data())
def test_a_dahua_stream_may_be_cut_into_many(stream: Stream, data: st.DataObject) -> None:
    check(stream, data.draw(st.lists(st.integers(1, len(stream.body) - 1), min_size=1, max_size=20)))


@pytest.mark.parametrize("content_type", [HIKVISION, "multipart/mixed", "application/xml"])
def test_an_alert_stream_may_be_cut_at_every_byte(content_type: str) -> None:
    body = fixture("hik_stream.txt")
    begins = [at for at in range(len(body)) if body.startswith(b"<EventNotificationAlert", at)]
    ends = [body.index(b"</EventNotificationAlert>", begin) + len(b"</EventNotificationAlert>") for begin in begins]
    stream = Stream(body, tuple(zip(begins, ends, strict=True)))
    channels = {event: str(number) for number, event in enumerate(stream.events, 1)}
    for at in range(1, len(body)):
        for begin, end in ((0, at), (at, len(body))):
            reports, said = read("hikvision", body[begin:end], content_type)
            assert [report.channel for report in reports] == [channels[event] for event in stream.whole(begin, end)]
            if end == at and stream.cut(at):
                assert said
