"""`python -m services <name>`: one process of the city. `declare` sets up the broker and exits."""

import os
import signal
import sys
import warnings

SERVICES = ("grid", "alerts", "cases", "catalogue", "sharing")


def main() -> int:
    """Find the process by its name; nothing heavy is imported before the engine has patched what it must."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    warnings.filterwarnings("ignore", message=r"(?s).*Eventlet is deprecated")
    if name in SERVICES:
        os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
        import eventlet  # noqa: PLC0415

        eventlet.monkey_patch()
        from services.chassis.run import main as run  # noqa: PLC0415

        return run(name)
    if name in ("gateway", "console"):
        # uvicorn stops in order, then raises the signal once more: the process would end as if it had been killed
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if name == "gateway":
        from services.gateway.app import main as gateway  # noqa: PLC0415

        return gateway()
    if name == "console":
        from services.console.app import main as console  # noqa: PLC0415

        return console()
    if name == "declare":
        from services.chassis.declare import main as declare  # noqa: PLC0415

        return declare()
    print(f"usage: python -m services {'|'.join((*SERVICES, 'gateway', 'console', 'declare'))}", file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
