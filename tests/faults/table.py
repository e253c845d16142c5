"""The rows of the final table: what was injected, what was promised, what was lost."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.home import ROOT

REPORT = ROOT / "build" / "faults.json"


@dataclass
class Row:
    """One kind of fault over a whole run; counts of promises, seconds of wall clock."""

    fault: str
    injected: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    seconds: float = 0.0


class Rows:
    """Collects rows; the same fault named twice is one row."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add(
        self,
        fault: str,
        *,
        injected: int = 1,
        acknowledged: int = 0,
        lost: int = 0,
        doubled: int = 0,
        seconds: float = 0.0,
    ) -> None:
        """Say what one test did and found."""
        row = self.rows.setdefault(fault, Row(fault))
        row.injected += injected
        row.acknowledged += acknowledged
        row.lost += lost
        row.doubled += doubled
        row.seconds += seconds

    @property
    def bad(self) -> bool:
        """Whether anything promised was lost or done twice."""
        return any(row.lost or row.doubled for row in self.rows.values())

    def write(self, path: Path = REPORT) -> None:
        """As JSON, for machines."""
        path.parent.mkdir(exist_ok=True)
        rows = [{**asdict(row), "seconds": round(row.seconds, 1)} for row in self.rows.values()]
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def show(self) -> None:
        """As a table, for people."""
        table = Table(title="故障 · faults")
        table.add_column("故障 fault")
        for name in ("注入 injected", "承诺 acknowledged", "丢失 lost", "重复 doubled", "秒 seconds"):
            table.add_column(name, justify="right")
        for row in self.rows.values():
            style = "bold red" if row.lost or row.doubled else ""
            counts = (row.injected, row.acknowledged, row.lost, row.doubled)
            table.add_row(row.fault, *map(str, counts), f"{row.seconds:.1f}", style=style)
        Console(width=110).print(table)


rows = Rows()
