"""What the gateway is told by its environment, besides what every service is told."""

from pathlib import Path

from pydantic import Field

from services.chassis.settings import Settings


class GatewaySettings(Settings):
    """`bootstrap_clients` names a JSON file of clients with hashes of their keys, taken in at every start."""

    database: str = "gateway"
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8080, ge=1, le=65535)
    traces_url: str = Field(default="", description="base of an API shaped like Jaeger's query v3")
    bootstrap_clients: Path | None = None
    spool_limit: int = Field(default=100_000, ge=1, description="reports kept while the broker is away")
    audit_days: int = Field(default=400, ge=1)
