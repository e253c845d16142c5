"""`python -m deploy.local up | down | status | logs [name] | supervise | demo [keep]`.

Every command imports what it needs and no more: the supervisor stays small, and `down` works in a broken tree.
"""

import subprocess
import sys
from collections.abc import Callable

from deploy.local.home import CITY, Home


def up(home: Home) -> int:
    """Bring the city up and say where it is."""
    from deploy.local import city

    print("启动一网 / starting the city", flush=True)
    try:
        found = city.up(home, say=lambda line: print(line, flush=True))
    except city.NotReady as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"就绪 / ready: 控制台 / console {found['console']}   网关 / gateway {found['gateway']}")
    print(f"地址与密钥 / addresses and keys: {home.path / CITY}")
    return 0


def down(home: Home) -> int:
    """Stop the city; nothing of it is left running."""
    from deploy.local import stop

    stop.down(home)
    print("已停 / down")
    return 0


def status(home: Home) -> int:
    """Print what runs and what is ready."""
    from deploy.local.status import show

    return show(home)


def logs(home: Home, name: str = "*") -> int:
    """The end of every log, or of one; on a terminal it goes on as they grow."""
    found = sorted(home.logs.glob(f"{name}.log"))
    if not found:
        print(f"没有日志 / no log: {home.log(name)}", file=sys.stderr)
        return 1
    follow = ["-F"] if sys.stdout.isatty() else []
    try:
        return subprocess.run(["tail", "-n", "40", *follow, *map(str, found)], check=False).returncode
    except KeyboardInterrupt:
        return 0


def supervise(home: Home) -> int:
    """Be the supervisor of this home; 3 when it has one already."""
    from deploy.local.supervisor import Supervisor, hold

    lock = hold(home)
    if lock is None:
        return 3
    with lock:
        Supervisor(home).run()
    return 0


def demo(_: Home, *, keep: bool = False) -> int:
    """Show the city at work from the first alert to the closed case; with `keep` it is left up."""
    from deploy.local.demo import main

    return main(keep=keep)


COMMANDS: dict[str, Callable[[Home], int]] = {
    "up": up,
    "down": down,
    "status": status,
    "supervise": supervise,
    "demo": demo,
}


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    home = Home.of_environment()
    match arguments:
        case ["logs", *name] if len(name) < 2:
            return logs(home, *name)
        case ["demo", "keep"]:
            return demo(home, keep=True)
        case [command] if command in COMMANDS:
            return COMMANDS[command](home)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
