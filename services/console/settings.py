"""What the console is told by its environment, besides what every service is told."""

from pydantic import Field

from services.chassis.settings import Settings


class ConsoleSettings(Settings):
    """The embedded trace store."""

    database: str = "traces"
    console_host: str = "127.0.0.1"
    console_port: int = Field(default=8090, ge=1, le=65535)
    trace_days: int = Field(default=7, ge=1)
    trace_queue: int = Field(default=20_000, ge=1, description="spans in memory; beyond it the oldest are dropped")
