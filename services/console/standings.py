"""The organisations' table of 考核: in the order that somebody asked for, and as a file for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.console.wording import CASE_FIGURES, word

Org = Mapping[str, Any]
NO_ORG = "none"
COUNTS = ("open", "overdue", "reported", "closed", "overdue_closed")
RATES = {
    "response": ("响应率", "Response"),
    "solution": ("解决率", "Solution"),
    "satisfaction": ("满意率", "Satisfaction"),
}
COLUMNS = ("name", *COUNTS, "mean_hours", *RATES)
# how a cell may begin that a spreadsheet would take for a formula
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def share(rate: Mapping[str, int]) -> float | None:
    """0..1; None of nothing."""
    return rate["numerator"] / rate["denominator"] if rate["denominator"] else None


def named(orgs: Iterable[Org], names: Mapping[str, str], language: str) -> list[dict[str, Any]]:
    """The rows with `code` and `name`, also for what is with no organisation."""
    codes = ((org, org["org"] or NO_ORG) for org in orgs)
    return [{**org, "code": code, "name": name_of(code, names, language)} for org, code in codes]


def name_of(code: str, names: Mapping[str, str], language: str) -> str:
    """What people read for the code of an organisation."""
    return word(language, "未派单", "with nobody yet") if code == NO_ORG else names.get(code, code)


def ordered(rows: Sequence[Org], by: str) -> list[Org]:
    """By a column, `-` before it for the largest first; what has no value comes last. As they were for another word."""
    column, downward = by.removeprefix("-"), by.startswith("-")
    if column not in COLUMNS:
        return list(rows)
    value: Callable[[Org], Any] = (
        (lambda row: share(row["rates"][column])) if column in RATES else lambda row: row[column]
    )
    known = sorted((row for row in rows if value(row) is not None), key=value, reverse=downward)
    return [*known, *(row for row in rows if value(row) is None)]


def as_csv(rows: Iterable[Org], language: str) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it; no cell of ours becomes a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    head = [word(language, "单位代码", "Code"), word(language, "单位", "Organisation")]
    head += [word(language, *CASE_FIGURES[name]) for name in COUNTS]
    head.append(word(language, "平均办结小时", "Mean hours"))
    for label in RATES.values():
        rate = word(language, *label)
        head += [
            f"{rate} %",
            word(language, f"{rate}分子", f"{rate}: of"),
            word(language, f"{rate}分母", f"{rate}: all"),
        ]
        head.append(word(language, f"{rate}剔除", f"{rate}: excluded"))
    writer.writerow(head)
    for row in rows:
        cells: list[object] = [safe(row["code"]), safe(row["name"]), *(row[name] for name in COUNTS), row["mean_hours"]]
        for name in RATES:
            rate, part = row["rates"][name], share(row["rates"][name])
            percent = None if part is None else round(part * 100, 1)
            cells += [percent, rate["numerator"], rate["denominator"], rate["excluded"]]
        writer.writerow(cells)
    return "\ufeff".encode() + out.getvalue().encode()


def safe(text: str) -> str:
    """As a spreadsheet shows it and never computes it."""
    return f"'{text}" if text.startswith(FORMULA) else text
