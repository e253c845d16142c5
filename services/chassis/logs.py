"""JSON logs: one line a fact, with the trace id. Never a payload, never the text of an unexpected exception."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType

from contracts.faults import Fault
from services.chassis import context

_QUIET = ("nameko", "amqp", "kombu", "opentelemetry", "urllib3", "pymongo", "httpx", "httpcore", "uvicorn.access")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class JsonFormatter(logging.Formatter):
    """A record's message and `extra` fields as one JSON object."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self.service,
            "message": record.getMessage(),
        }
        trace = context.trace_id()
        if trace:
            line["trace_id"] = trace
        line.update({key: value for key, value in vars(record).items() if key not in _PLAIN})
        if record.exc_info and record.exc_info[1]:
            line.update(describe(record.exc_info[1], record.exc_info[2]))
        return _encode(line)


def describe(error: BaseException, where: TracebackType | None = None) -> dict[str, object]:
    """An exception without its text, which may repeat what somebody sent; faults are written by us and may be shown."""
    frames = traceback.extract_tb(where or error.__traceback__)[-6:]
    facts: dict[str, object] = {
        "error": type(error).__name__,
        "frames": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, Fault):
        facts["code"] = error.code
    return facts


def setup(service: str, level: str = "INFO") -> None:
    """Write the process's logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # what no line shows need not be looked up for each: caller, thread, process
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in _QUIET:
        # these print message bodies and worker arguments when something goes wrong
        logging.getLogger(name).setLevel(logging.CRITICAL)
