"""What a run found: tables for people, figures and ratios for programs, and the marks beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

RATIOS = (
    "stored_vs_faststream",
    "stored_vs_nameko",
    "stored_vs_bound",
    "batch_vs_faststream",
    "cpu_s_per_1000",
    "locate_per_s_100k",
    "cost_500k_vs_10k",
    "traces_on_vs_off",
    "request_p99_vs_proxy",
)


@dataclass(frozen=True)
class Effort:
    """How much a run takes: seconds of a window, rounds, who takes part, and the sizes of what is seeded."""

    window_s: float = 8.0
    rounds: int = 3
    call_s: float = 4.0
    pace_s: float = 600.0
    polygons: tuple[int, ...] = (810, 10_000, 100_000)
    alerts: tuple[int, int] = (10_000, 500_000)
    among: tuple[str, ...] = ()


QUICK = Effort(window_s=2.0, rounds=1, call_s=1.0, pace_s=10.0, polygons=(810,), alerts=(500, 2_000))


@dataclass(frozen=True)
class Mark:
    """A promise and what came of it."""

    wanted: str
    found: str
    met: bool


@dataclass
class Findings:
    """Of one part, or of all."""

    figures: dict[str, Any] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def add(self, name: str, part: "Findings") -> None:
        """Take in a part."""
        self.figures[name] = part.figures
        self.ratios |= part.ratios
        self.tables += part.tables
        self.marks += part.marks

    def mark(self, wanted: str, found: str, met: bool) -> None:
        """Put a promise beside what came of it."""
        self.marks.append(Mark(wanted, found, met))

    def at_least(self, wanted: str, found: float, least: float) -> None:
        """Mark a figure that should be high."""
        self.mark(f"{wanted} ≥ {least:,g}", f"{found:,.4g}", found >= least)

    def at_most(self, wanted: str, found: float, most: float) -> None:
        """Mark a figure that should be low."""
        self.mark(f"{wanted} ≤ {most:,g}", f"{found:,.4g}", found <= most)

    def show(self, console: Console) -> None:
        """Tables, then marks."""
        for table in self.tables:
            console.print(table)
        if self.marks:
            rows = [(mark.wanted, mark.found, "✓ 达到 met" if mark.met else "✗ 未达 missed") for mark in self.marks]
            console.print(table_of("标准 · marks", ("wanted", "found", ""), rows))

    def as_json(self) -> dict[str, Any]:
        """Every ratio is there; one that was not measured is null."""
        return {
            "ratios": {name: self.ratios.get(name) for name in RATIOS},
            "marks": [vars(mark) for mark in self.marks],
            "parts": self.figures,
        }


def table_of(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """The first column is a name, the others are figures."""
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=place == 0)
    for row in rows:
        table.add_row(*row)
    return table


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Figure by figure."""
    return {name: median(one[name] for one in rounds) for name in rounds[0]}


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of what each round says of the two: a slow minute of the machine hits both."""
    return median(one / other for one, other in zip(above, below, strict=True))
