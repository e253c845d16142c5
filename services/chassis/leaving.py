"""Spans on their way out: a bounded queue that drops, so that a silent receiver never slows a service."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from typing_extensions import override

_ROOM, _AT_ONCE, _EVERY_MS = 8192, 1024, 500


class Counted(SpanExporter):
    """Hands spans on; `sent` of them were taken."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.sent = 0

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Try once."""
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.sent += len(spans)
        return result


class Leaving(BatchSpanProcessor):
    """Every span that ends; `unsent` of them nobody has taken: they wait, or were dropped."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._ended, self._counted = 0, Counted(exporter)
        super().__init__(
            self._counted, max_queue_size=_ROOM, schedule_delay_millis=_EVERY_MS, max_export_batch_size=_AT_ONCE
        )

    @override
    def on_end(self, span: ReadableSpan) -> None:
        """Queue it."""
        self._ended += 1
        super().on_end(span)

    @property
    def unsent(self) -> int:
        """How many."""
        return self._ended - self._counted.sent
