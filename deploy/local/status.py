"""What `make status` prints: every process of the city with its id, state, restarts, memory and readiness."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.home import CITY, Home
from deploy.local.processes import answers
from deploy.local.supervisor import STATE, holder


def show(home: Home) -> int:
    """Print the table; 0 when everything is ready, 1 when not, 3 when the city is down."""
    console = Console()
    supervisor = holder(home)
    if supervisor is None:
        console.print("未运行 / down")
        return 3
    table = Table("进程", "", "PID", "状态", "重启", "内存 MB", "就绪")
    rows: list[dict[str, Any]] = home.read(STATE) or []
    well = bool(rows)
    for row in rows:
        job = row["probe"] == "exit"
        ready = row["ready"] if job else answers(row["probe"])
        well = well and ready
        state = "完成" if job and ready else "运行" if row["pid"] else "等待"
        table.add_row(
            row["name"],
            row["title"],
            str(row["pid"] or ""),
            state,
            str(row["restarts"]),
            memory(row["pid"]),
            "是" if ready else "[red]否[/red]",
        )
    table.add_row("supervisor", "看护", str(supervisor), "运行", "", memory(supervisor), "")
    console.print(table)
    if city := home.read(CITY):
        console.print(f"控制台 {city['console']}   网关 {city['gateway']}   日志 {home.logs}", soft_wrap=True)
    return 0 if well else 1


def memory(pid: int | None) -> str:
    """Resident memory in MB, empty where there is no such process."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except OSError:
        return ""
    return f"{pages * 4096 / 1e6:.0f}"
