"""链路: the embedded trace store. Spans come in as OTLP, are gathered by trace, and written together."""
