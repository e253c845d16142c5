"""拒收: who was turned away from the intake, from where and why; the last thousand, in the memory of this process."""

from collections import OrderedDict
from datetime import datetime

from pydantic import AwareDatetime, Field

from contracts.shared import Model

MOST = 1000


class Refusal(Model):
    """What one address was refused for one reason. `client` is known where its key or token was."""

    remote: str = Field(description="address of the sender, as the gateway sees it")
    client: str | None = None
    status: int
    code: str
    count: int = 1
    last_at: AwareDatetime


class RefusalList(Model):
    """The latest first; counted since `since`, when this process began."""

    since: AwareDatetime
    items: list[Refusal]
    forgotten: int = Field(description="refusals of rows that gave way to newer ones")


class Refusals:
    """A bounded table: a flood of addresses pushes out the oldest rows and nothing else."""

    def __init__(self, since: datetime) -> None:
        self._since, self._forgotten = since, 0
        self._rows: OrderedDict[tuple[str, str | None, str], Refusal] = OrderedDict()

    def count(self, remote: str, client: str | None, status: int, code: str, at: datetime) -> None:
        """One more."""
        key = remote, client, code
        before = self._rows.pop(key, None)
        count = before.count + 1 if before else 1
        self._rows[key] = Refusal(remote=remote, client=client, status=status, code=code, count=count, last_at=at)
        if len(self._rows) > MOST:
            self._forgotten += self._rows.popitem(last=False)[1].count

    def listed(self) -> RefusalList:
        """All rows."""
        return RefusalList(since=self._since, items=list(reversed(self._rows.values())), forgotten=self._forgotten)
