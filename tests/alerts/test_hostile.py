"""Whatever the bytes, an adapter gives reports or says Unreadable: nothing else rises, is fetched, or takes long."""

import builtins
import io
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts import adapters
from services.alerts.adapters import ADAPTERS, Unreadable

from .hostile import CONTENT_TYPES, damaged, hostile, samples, survives


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_damaged_reports_raise_nothing_else(adapter: str) -> None:
    """A few hundred; tests/faults has thousands."""
    for number, body in enumerate(damaged(samples(adapter), 300, seed=20260314)):
        survives(adapter, body, CONTENT_TYPES[number % len(CONTENT_TYPES)])


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("kind", hostile())
def test_no_hostile_body_raises_anything_else(adapter: str, kind: str) -> None:
    body = hostile()[kind]
    for content_type in CONTENT_TYPES:
        survives(adapter, body, content_type)


NAMES = st.sampled_from(
    "type before after severity data objects alerts labels status eventType specversion id source".split()  # noqa: SIM905
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(["\ud800", "\x00"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | NAMES, inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(CONTENT_TYPES))
def test_no_bytes_raise_anything_else(body: bytes, content_type: str) -> None:
    for adapter in ADAPTERS:
        survives(adapter, body, content_type)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_json_raises_anything_else(value: Any) -> None:
    body = json.dumps(value).encode()
    for adapter in ADAPTERS:
        survives(adapter, body, "application/json")


def test_nothing_is_fetched_and_no_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by Python, which is watched, nor by the XML library's own C: nobody knocks, and the file is not told."""
    secret = tmp_path / "secret"
    secret.write_text("CANARY-OF-A-FILE", "utf-8")
    unread = time.time() - 86_400
    os.utime(secret, (unread, unread))
    opened: list[object] = []
    for holder, name in ((builtins, "open"), (io, "open"), (os, "open"), (socket, "create_connection")):
        monkeypatch.setattr(holder, name, lambda *told, **_: opened.append(told))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        told = []
        for body in hostile(f"127.0.0.1:{listener.getsockname()[1]}", str(secret)).values():
            for adapter in ADAPTERS:
                try:
                    told += [report.model_dump_json() for report in adapters.read(adapter, body, "application/xml")]
                except Unreadable as refused:
                    told.append(refused.en + refused.zh)
        with pytest.raises(BlockingIOError):
            listener.accept()
    monkeypatch.undo()
    assert opened == []
    assert not [one for one in told if "CANARY-OF-A-FILE" in one]
    assert secret.stat().st_atime == pytest.approx(unread)
