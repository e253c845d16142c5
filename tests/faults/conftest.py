"""A town for each module, and the table at the end of the run."""

from collections.abc import Iterator

import pytest

from tests.faults.harness import Piece, Town, piece, rows
from tests.faults.ordeal import ordeals

__all__ = ["ordeals"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Broker, store and topology of a module's own; no process runs yet."""
    with Town(tmp_path_factory.mktemp("town")) as found:
        yield found


@pytest.fixture(scope="session")
def ground() -> Piece:
    """The piece of the city that the stories play on."""
    return piece()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Anything lost or doubled fails the run, whatever the tests made of it."""
    if rows.rows and rows.bad and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print the table; a whole run writes it for machines as well."""
    if rows.rows:
        rows.show()
        if config.getoption("markexpr") != "not faults":
            rows.write()
