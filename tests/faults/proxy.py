"""A TCP proxy that fails as networks do, between one process of the city and its broker or its store.

It runs in a thread of its own; every method returns when what it asks for has happened.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

from deploy.local.home import free_port

# up: from the client to the server
Direction = Literal["up", "down"]
BOTH: tuple[Direction, Direction] = ("up", "down")
CHUNK = 65536
# what the network itself may hold, in chunks; then the sender's own buffers fill up
IN_FLIGHT = 16
# closing with this linger sends RST instead of FIN
RESET = struct.pack("ii", 1, 0)
T = TypeVar("T")


@dataclass(eq=False)
class Path:
    """One direction of one connection, or what new connections begin with."""

    delay: float = 0.0
    open: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Listens on `port` and passes everything to `target` until it is told otherwise. Both are loopback ports."""

    def __init__(self, target: int, port: int | None = None) -> None:
        self.target, self.port = target, port or free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {self.port}", daemon=True)
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._held: frozenset[Direction] = frozenset()
        self._delays: dict[Direction, float] = dict.fromkeys(BOTH, 0.0)

    @property
    def connections(self) -> int:
        """How many clients are connected at this moment, black-holed ones included."""
        return len(self._links)

    def start(self) -> Self:
        """Begin listening."""
        self._thread.start()
        self._run(self._listen())
        return self

    def stop(self) -> None:
        """Cut everything and stop listening."""
        self._run(self._refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def flow(self) -> None:
        """Heal: what was held goes on its way, new connections are taken, nothing is late."""
        self._run(self._set(frozenset(), dict.fromkeys(BOTH, 0.0)))

    def hold(self, *directions: Direction) -> None:
        """Black hole (both ways unless told): nothing passes, not even the end of a connection; nobody is told."""
        self._run(self._set(frozenset(directions or BOTH), self._delays))

    def orphan(self) -> None:
        """Half-open: what stands is a black hole for good, new connections pass."""
        self._run(self._orphan())

    def delay(self, seconds: float, *directions: Direction) -> None:
        """Everything arrives so much later, in order, as much as before."""
        self._run(self._set(self._held, {**self._delays, **dict.fromkeys(directions or BOTH, seconds)}))

    def reset(self) -> None:
        """RST to both ends of every connection; new ones pass."""
        self._run(self._reset())

    def refuse(self) -> None:
        """As if the server were gone: every connection is reset, new ones are refused."""
        self._run(self._refuse())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port, backlog=256)

    async def _set(self, held: frozenset[Direction], delays: dict[Direction, float]) -> None:
        self._held, self._delays = held, delays
        for link in self._links:
            link.follow(held, delays)
        await self._listen()

    async def _orphan(self) -> None:
        for link in self._links:
            link.orphaned = True
            link.follow(frozenset(BOTH), self._delays)

    async def _reset(self) -> None:
        for link in list(self._links):
            link.reset()

    async def _refuse(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        await self._reset()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer)
        link.follow(self._held, self._delays)
        self._links.add(link)
        try:
            # a connection through a black hole does not reach the server either
            await link.paths["up"].open.wait()
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            link.writers.append(back)
            await asyncio.gather(
                _pass(reader, back, link.paths["up"]),
                _pass(there, writer, link.paths["down"]),
            )
        except (OSError, asyncio.CancelledError):
            link.reset()
        finally:
            self._links.discard(link)
            for end in link.writers:
                end.close()


class _Link:
    """A client, the server, and the two ways between them."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.writers = [client]
        self.paths: dict[Direction, Path] = {direction: Path() for direction in BOTH}
        self.orphaned = False
        self._task = asyncio.current_task()

    def follow(self, held: frozenset[Direction], delays: dict[Direction, float]) -> None:
        """Behave like the rest of the network, but for an orphan that stays one."""
        for direction, path in self.paths.items():
            path.delay = delays[direction]
            if self.orphaned or direction in held:
                path.open.clear()
            else:
                path.open.set()

    def reset(self) -> None:
        """RST to both ends."""
        for end in self.writers:
            with contextlib.suppress(OSError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.transport.abort()
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()


async def _pass(source: asyncio.StreamReader, to: asyncio.StreamWriter, path: Path) -> None:
    """One direction. Data lie in the network until they are due and the way is open; the end travels as they do."""
    loop = asyncio.get_running_loop()
    way: asyncio.Queue[tuple[float, bytes | OSError]] = asyncio.Queue(IN_FLIGHT)

    async def take() -> None:
        chunk: bytes | OSError = b"more"
        while chunk and not isinstance(chunk, OSError):
            try:
                chunk = await source.read(CHUNK)
            except OSError as error:
                chunk = error
            await way.put((loop.time() + path.delay, chunk))

    async def give() -> None:
        while True:
            due, chunk = await way.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await path.open.wait()
            if isinstance(chunk, OSError):
                raise chunk
            if not chunk:
                break
            to.write(chunk)
            await to.drain()
        to.write_eof()

    taking = asyncio.create_task(take())
    try:
        await give()
    finally:
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
