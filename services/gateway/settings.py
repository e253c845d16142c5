"""What the gateway is told by its environment, besides what every service is told."""

from pathlib import Path

from pydantic import Field

from services.chassis.settings import Settings


class GatewaySettings(Settings):
    """`bootstrap_clients` names a JSON file of clients with hashes of their keys, taken in at every start.

    The spool keeps on disk what devices report while the broker is away, until `spool_limit` reports or `spool_bytes`
    bytes of bodies; beyond either a device is told 503 with Retry-After and keeps its report.

    What changes something is always traced, and whatever comes with a recorded trace of its own; of reports and
    questions so many a second.
    """

    database: str = "gateway"
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8080, ge=1, le=65535)
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="/metrics at `health_host`, without a key; 0: none"
    )
    public_url: str = Field(default="", description="where callers reach the door, if not where their Host header says")
    traces_url: str = Field(default="", description="base of an API shaped like Jaeger's query v3")
    bootstrap_clients: Path | None = None
    spool_limit: int = Field(default=100_000, ge=1, description="reports; some 200 bytes of memory each while kept")
    spool_bytes: int = Field(default=1024**3, ge=1, description="bytes of bodies on disk")
    audit_days: int = Field(default=400, ge=1)
    recorded_reports: float = Field(default=25, ge=0, description="reports a second whose journeys are traced")
    recorded_questions: float = Field(default=25, ge=0, description="GET requests a second that are traced")
