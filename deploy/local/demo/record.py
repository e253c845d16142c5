"""What the demonstration did: each step with its counts and seconds, on the screen and in build/demo.json."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

# how many steps the whole demonstration has
STEPS = 20


@dataclass
class Step:
    """One thing that was done: `found` are its counts, in Chinese for people."""

    name: str
    title: str
    found: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class Record:
    """The steps so far. Steps of independent parts run side by side, so their seconds do not add up."""

    console: Console
    began: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    journey: RenderableType | None = None

    def __post_init__(self) -> None:
        columns = (
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        self.progress = Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)
        self._under_way: list[str] = []
        self._task = self.progress.add_task("", total=STEPS)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[dict[str, Any]]:
        """Time a step and tell of it when it is done; the counts go into what it yields."""
        step, began = Step(name, title), time.monotonic()
        self._under_way.append(title)
        self._tell()
        try:
            yield step.found
        finally:
            self._under_way.remove(title)
        step.seconds = time.monotonic() - began
        self.steps.append(step)
        self._tell()
        told = "  ".join(f"{key} {value}" for key, value in step.found.items())
        self.console.print(f"  [green]✓[/green] {title}  [dim]{told}  {step.seconds:.1f} s[/dim]", highlight=False)

    def _tell(self) -> None:
        self.progress.update(self._task, completed=len(self.steps), description="".join(self._under_way[-1:]))

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began

    def show(self) -> None:
        """The way of one alarm, and the table of everything."""
        if self.journey:
            self.console.print("[bold]一次告警的全程链路[/bold]", self.journey)
        table = Table("步骤", "结果", "秒", title="一网演示 (网格、人员、摄像机、群众均为合成)", title_justify="left")
        table.columns[2].justify = "right"
        for step in self.steps:
            table.add_row(step.title, "  ".join(f"{k} {v}" for k, v in step.found.items()), f"{step.seconds:.1f}")
        self.console.print(table)

    def write(self, path: Path, ok: bool, fault: str | None = None) -> None:
        """The same for machines."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {
            "ok": ok,
            "fault": fault,
            "seconds": round(self.seconds, 2),
            **self.facts,
            "steps": [
                {"name": s.name, "title": s.title, "seconds": round(s.seconds, 2), **s.found} for s in self.steps
            ],
        }
        path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
