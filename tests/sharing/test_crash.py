"""Publishing is exact although the process is killed between its steps."""

import json

import pytest

from contracts.faults import Fault
from contracts.sharing import GetDataset, PublishRecords, QueryRecords
from tests.sharing.conftest import Sharing, eventually
from tests.sharing.scene import consumer, event, provider


@pytest.mark.parametrize("crash_at", ["before_write:4", "after_write:4"])
def test_publishing_survives_a_kill_at_each_step(fragile: Sharing, crash_at: str) -> None:
    """Write 4 is the move of the announced end: the log was written before it, the reply comes after."""
    fragile.start(CRASH_AT=crash_at)
    fragile.published_dataset("d")
    batch = [event(number) for number in range(150)]
    with pytest.raises(Fault):
        fragile.ask(PublishRecords(caller=provider, dataset="d", events=batch, idempotency_key="once"), timeout=1)
    fragile.start()
    eventually(lambda: fragile.ask(GetDataset(caller=provider, code="d")).records == 150)
    again = fragile.publish("d", *batch, key="once")
    assert (again.accepted, again.duplicates) == (150, 0)
    other = fragile.publish("d", *batch, key="another")
    assert (other.accepted, other.duplicates) == (0, 150)
    told = eventually(lambda: list(fragile.database.event_log.find({"type": "sharing.records_published.v1"})))
    ranges = [json.loads(each["body"])["data"] for each in told]
    assert ranges == [{"dataset": "d", "first": 1, "last": 150, "count": 150}]
    fragile.granted("d", "household")
    query = QueryRecords(caller=consumer, dataset="d", purpose="grid_governance", limit=200)
    current = [item.sequence for item in fragile.ask(query).items]
    assert current == list(range(1, 151))
