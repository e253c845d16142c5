"""HTTP by uvicorn, for gateway and console: one application, one or more ports, until SIGTERM."""

import socket
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp


def serve(app: ASGIApp, places: Sequence[tuple[str, int]], *, grace: int, idle: int, proxied: bool) -> int:
    """Returns 0 when it was stopped, 1 when it did not come up.

    `places` are (host, port). At a stop what runs has `grace` seconds; a connection may be silent for `idle`.
    `proxied`: what a proxy on this machine says of scheme and caller is believed.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=proxied,
            timeout_keep_alive=idle,
            timeout_graceful_shutdown=grace,
        )
    )
    server.run([socket.create_server(place, backlog=2048) for place in places])
    return 0 if server.started else 1
