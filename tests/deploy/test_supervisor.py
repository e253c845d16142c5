"""The supervisor and its processes, with programs of a line each: no broker, no store."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from deploy.local import supervisor
from deploy.local.home import PORTS, Home, free_port, is_free
from deploy.local.processes import MARK, Plan, Process, leftovers, start_all, stop_all
from deploy.local.stop import down
from deploy.local.supervisor import bound, holder, launch

from ..conftest import state

SERVER = "import socket,time; s=socket.create_server(('127.0.0.1',{port})); time.sleep(600)"
DEAF = "import signal,socket,time; signal.signal(15,signal.SIG_IGN); " + SERVER.removeprefix("import socket,time; ")


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def server(name: str, *needs: str, program: str = SERVER, grace: float = 10.0) -> Plan:
    port = free_port()
    return Plan(name, "", [sys.executable, "-c", program.format(port=port)], f"tcp:{port}", {}, needs, grace)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    down(home)


def supervise(home: Home, plans: Sequence[Plan]) -> None:
    launch(home, plans)
    until(lambda: len(state(home)) == len(plans) and all(row["ready"] for row in state(home).values()))


def test_a_killed_process_comes_back_and_its_restarts_are_counted(empty: Home) -> None:
    supervise(empty, [server("first"), server("second", "first")])
    before = state(empty)
    os.kill(before["first"]["pid"], signal.SIGKILL)
    until(lambda: state(empty)["first"]["restarts"] == 1 and bool(state(empty)["first"]["ready"]))
    assert state(empty)["second"] == before["second"]


def test_one_that_keeps_dying_is_tried_ever_more_slowly(empty: Home) -> None:
    launch(empty, [Plan("ill", "", [sys.executable, "-S", "-c", "raise SystemExit(7)"], "tcp:1")])
    until(lambda: bool(state(empty)) and state(empty)["ill"]["restarts"] >= 3)
    said = empty.log("supervisor").read_text("utf-8")
    assert [f"again in {pause} s" in said for pause in ("0.25", "0.5", "1")] == [True, True, True]


def test_a_job_runs_once_and_those_that_need_it_wait(empty: Home, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    job = Plan("job", "", [sys.executable, "-c", f"open({str(proof)!r},'a').write('x')"], "exit")
    supervise(empty, [job, server("after", "job")])
    assert (proof.read_text("ascii"), state(empty)["job"]["pid"]) == ("x", None)


def test_a_program_that_is_missing_is_said_and_tried_again(empty: Home) -> None:
    launch(empty, [Plan("gone", "", ["/nowhere/at/all"], "tcp:1")])
    until(lambda: bool(state(empty)) and state(empty)["gone"]["restarts"] >= 2)
    assert "gone cannot be started" in empty.log("supervisor").read_text("utf-8")


def test_there_is_one_supervisor_for_a_home(empty: Home) -> None:
    supervise(empty, [server("only")])
    second = launch(empty, [])
    assert second.wait(20) == 3
    assert holder(empty) is not None


def test_down_stops_what_a_killed_supervisor_left(empty: Home) -> None:
    supervise(empty, [server("orphan")])
    supervised = holder(empty)
    assert supervised is not None
    os.kill(supervised, signal.SIGKILL)
    until(lambda: holder(empty) is None)
    assert leftovers(empty)
    down(empty)
    assert leftovers(empty) == []
    down(empty)


def test_the_supervisor_stays_small(empty: Home) -> None:
    supervise(empty, [server("only")])
    assert psutil.Process(holder(empty)).memory_info().rss < 20e6


def test_the_needed_stop_last_and_the_deaf_are_killed(empty: Home) -> None:
    needed, deaf = Process(server("needed"), empty), Process(server("deaf", "needed", program=DEAF, grace=0.3), empty)
    start_all([needed, deaf])
    pids = [process.child.pid for process in (needed, deaf) if process.child]
    stop_all([needed, deaf])
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_process_that_does_not_get_ready_is_reported_with_its_last_words(empty: Home) -> None:
    ill = Process(Plan("ill", "", [sys.executable, "-c", "raise SystemExit('no such luck')"], "tcp:1"), empty)
    with pytest.raises(RuntimeError, match="ill did not become ready\nno such luck"):
        start_all([ill])


def test_a_log_is_bounded_and_its_writer_goes_on(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_LIMIT", 10)
    log = empty.directory("logs") / "x.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"0123456789")
        bound(log)
        writer.write(b"after")
    assert (log.read_bytes(), log.with_suffix(".log.1").read_bytes()) == (b"after", b"0123456789")


def test_ports_and_secrets_are_kept_private_and_renewed_only_when_taken(empty: Home) -> None:
    port, secret = empty.port("grid"), empty.secret("grid")
    again = Home(empty.path)
    assert (again.port("grid"), again.secret("grid")) == (port, secret)
    assert (port in PORTS, is_free(port), len(secret)) == (True, True, 64)
    again.renew_ports()
    assert again.port("grid") == port
    assert {path.stat().st_mode & 0o777 for path in empty.path.glob("*.json")} == {0o600}
    holding = Process(Plan("x", "", [sys.executable, "-c", SERVER.format(port=port)], f"tcp:{port}"), empty)
    start_all([holding])
    again.renew_ports()
    assert again.port("grid") != port
    stop_all([holding])


def test_only_processes_of_this_home_are_leftovers(empty: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Home(tmp_path_factory.mktemp("other"))
    process = Process(server("x"), other)
    start_all([process])
    assert (leftovers(empty), len(leftovers(other))) == ([], 1)
    assert MARK not in os.environ
    stop_all([process])
