"""What a process is told by its environment."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment of a service. URLs hold passwords: they are never logged."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    amqp_url: str = "amqp://guest:guest@127.0.0.1:5672/"
    mongodb_url: str = "mongodb://127.0.0.1:27017/?retryWrites=false"
    database: str = ""
    otlp_endpoint: str = ""
    health_host: str = Field(default="127.0.0.1", description="where probes and Prometheus ask, who show no key")
    health_port: int = Field(default=0, ge=0, le=65535)
    profile: Literal["production", "local", "test"] = "production"
    retry_tiers: str = Field(default="5,30,300", description="seconds of the pauses before another try")
    max_attempts: int = Field(default=6, ge=1, le=50)
    crash_at: str = ""
    clock_file: Path | None = Field(default=None, description="of a test: by how many seconds the clock is ahead")
    log_level: str = "INFO"

    @property
    def retry_seconds(self) -> tuple[float, ...]:
        """The pauses, shortest first."""
        return tuple(float(part) for part in self.retry_tiers.split(","))


@cache
def settings() -> Settings:
    """The environment, read once."""
    return Settings()
