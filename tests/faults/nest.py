"""`python -m tests.faults.nest <service>`: has a service's code loaded and forks a fresh process of it on demand.

A crash matrix starts a thousand processes; loading the code is nine tenths of a start. What is forked has run nothing
of the service yet: no settings read, no connection, no thread.

stdin: a JSON line `{"env": {…}, "log": path}` for each process. stdout: `started <pid>`, `ended <pid> <code>`.
"""

import contextlib
import json
import os
import signal
import sys
import warnings

# before the engine replaces the calls that block
_read, _write, _fork, _waitpid = os.read, os.write, os.fork, os.waitpid
_living: set[int] = set()


def main(service: str) -> int:
    """Serve until stdin ends."""
    warnings.filterwarnings("ignore", message=r"(?s).*Eventlet is deprecated")
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    import eventlet

    eventlet.monkey_patch()
    from services.chassis.registry import service_class
    from services.chassis.run import run

    found = service_class(service)
    signal.signal(signal.SIGCHLD, _reap)
    rest = b""
    while part := _read(0, 65536):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            order = json.loads(line)
            # who ends at once is said to have started first
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            pid = _fork()
            if pid == 0:
                _become(order)
                os._exit(run(found))
            _living.add(pid)
            _write(1, b"started %d\n" % pid)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    # nobody is there any more who could end them
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pid in _living:
        # only what is still our own child: its number may be somebody else's by now
        with contextlib.suppress(ChildProcessError):
            if _waitpid(pid, os.WNOHANG)[0] == 0:
                os.kill(pid, signal.SIGKILL)
    return 0


def _become(order: dict[str, dict[str, str]]) -> None:
    """A process of its own: environment, session, output."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.setsid()
    os.environ.update(order["env"])
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)


def _reap(*_: object) -> None:
    while True:
        try:
            pid, status = _waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _living.discard(pid)
        _write(1, b"ended %d %d\n" % (pid, os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
