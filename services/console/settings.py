"""What the console is told by its environment, besides what every service is told."""

from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import Field

from services.chassis.settings import Settings


class Tiles(NamedTuple):
    """A tile server; `origin` as a Content-Security-Policy names it, empty without one."""

    url: str
    attribution: str
    origin: str


class ConsoleSettings(Settings):
    """Pages for operators, and the embedded trace store.

    `gateway_url` is the door that the pages knock at, with the operator's own key. Sessions are sealed with
    `console_secret`; without one they end with the process.
    """

    database: str = "traces"
    console_host: str = "127.0.0.1"
    console_port: int = Field(default=8090, ge=1, le=65535, description="for people")
    traces_port: int = Field(default=4318, ge=1, le=65535, description="for services and gateway, who ask no key")
    gateway_url: str = "http://127.0.0.1:8080"
    console_secret: str = ""
    console_secure: bool = Field(default=False, description="served over HTTPS: the cookie is sent no other way")
    session_hours: float = Field(default=12, gt=0, le=24 * 7)
    trace_days: int = Field(default=7, ge=1)
    trace_queue: int = Field(default=20_000, ge=1, description="spans in memory; beyond it the oldest are dropped")
    map_tiles: str = Field(
        default="",
        pattern=r"^(https?://[^\s;,]+)?$",
        description="URL of a tile server with {z}, {x}, {y}, perhaps {s}; without one the map shows grids alone",
    )
    map_attribution: str = Field(default="", description="what its owner wants to be said of the tiles")

    @property
    def tiles(self) -> Tiles:
        """Where the map's tiles come from."""
        scheme, host = urlsplit(self.map_tiles)[:2]
        return Tiles(self.map_tiles, self.map_attribution, f"{scheme}://{host.replace('{s}', '*')}" if host else "")
