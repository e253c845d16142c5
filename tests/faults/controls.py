"""What the operators of a broker and of a store can do to them, and what a client can that dies at the wrong moment."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local import broker
from deploy.local.home import Home

CONTROL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")
# the limits of the node's own configuration
MEMORY, DISK = ("absolute", "1GB"), "200MB"
ALARMED = re.compile(r"resource_limit,\s*(memory|disk)")

# opens a transaction on one document, says so, and waits to be killed
LOCKER = """
    import sys
    from pymongo import MongoClient

    url, database, collection, id = sys.argv[1:]
    client = MongoClient(url)
    session = client.start_session()
    session.start_transaction()
    client[database][collection].update_one({"_id": id}, {"$set": {"touched": True}}, session=session)
    print("locked", flush=True)
    sys.stdin.read()
"""


def rabbitmqctl(home: Home, *arguments: str) -> str:
    """Ask the node of a home. Raises CalledProcessError when it refuses."""
    node = next(plan for plan in broker.plans(home) if plan.name == "broker")
    return subprocess.run(
        [str(CONTROL), "--quiet", *arguments],
        env={**os.environ, **node.env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def alarms(home: Home) -> set[str]:
    """Which alarms are raised: memory, disk. Either blocks every publisher."""
    return set(ALARMED.findall(rabbitmqctl(home, "eval", "rabbit_alarm:get_alarms().")))


@contextmanager
def memory_alarm(home: Home) -> Iterator[None]:
    """The node believes that it has no memory left."""
    rabbitmqctl(home, "set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        yield
    finally:
        rabbitmqctl(home, "set_vm_memory_high_watermark", *MEMORY)


@contextmanager
def disk_alarm(home: Home) -> Iterator[None]:
    """The node believes that its disk is full."""
    rabbitmqctl(home, "set_disk_free_limit", "900000GB")
    try:
        yield
    finally:
        rabbitmqctl(home, "set_disk_free_limit", DISK)


def queued(home: Home) -> Mapping[str, int]:
    """Messages of every queue, ready and unacknowledged, as the broker counts them."""
    lines = rabbitmqctl(home, "list_queues", "-p", broker.VHOST, "name", "messages", "--no-table-headers").splitlines()
    return {name: int(count) for name, count in (line.split("\t") for line in lines if "\t" in line)}


def die_in_transaction(url: str, database: str, collection: str, id: str) -> None:
    """A client changes a document in a transaction and is killed before it commits; the document may stay locked."""
    argv = [sys.executable, "-c", textwrap.dedent(LOCKER), url, database, collection, id]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout
        said = client.stdout.readline()
        client.send_signal(signal.SIGKILL)
        client.wait(10)
    assert said == "locked\n", "the transaction did not begin"
