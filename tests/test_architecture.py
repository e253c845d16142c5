"""The house's laws, and for each of them the proof that it can fail: a law that nothing can break proves nothing."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from deploy.local.home import ROOT

PACKAGES = ("contracts", "services", "deploy")
RULES = {
    rule["id"]: rule
    for rule in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
}
# For each import rule: a file and a line that breaks it.
BREACHES = {
    "layers": ("services/chassis/settings.py", "import services.grid"),
    "siblings": ("services/grid/__init__.py", "import services.alerts"),
    "engine": ("services/alerts/__init__.py", "import kombu"),
    "door": ("services/gateway/__init__.py", "import eventlet"),
    "domain": ("services/cases/domain.py", "import pymongo"),
    "asking": ("services/sharing/__init__.py", "import services.chassis.asking"),
    "contracts": ("contracts/shared.py", "import pymongo"),
}
MOST_LINES = 400
WRITTEN = {".py", ".sh", ".md", ".yml", ".yaml", ".toml", ".html", ".css", ".js"}
MEANINGLESS_FILES = re.compile(r"^(utils?|helpers?|common|managers?|base_service|data|info)$")
MEANINGLESS_CLASSES = re.compile(r"^(Abstract.*|.*Impl|.*Manager|.*Helpers?|.*Utils?|Data|Info)$")
# Put together here so that this file keeps the rule itself.
REGISTRIES = [host + ".org" for host in ("pypi", "pythonhosted", "registry.npmjs", "deb.debian")]
LEAKS = re.compile("|".join([*map(re.escape, REGISTRIES), r"(?<![\w.:/])/(?:work|root|home|tmp)/\w"]))


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the repository that exists in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def lint(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *options],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source tree, to be broken."""
    for path in [*(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")), ROOT / "pyproject.toml"]:
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


def test_every_import_rule_holds_and_has_its_breach() -> None:
    kept = lint(ROOT)
    assert kept.returncode == 0, kept.stdout
    assert set(BREACHES) == set(RULES)


@pytest.mark.parametrize("rule", BREACHES)
def test_an_import_rule_can_fail(copy: Path, rule: str) -> None:
    name, line = BREACHES[rule]
    with (copy / name).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    broken = lint(copy, "--contract", rule)
    assert (broken.returncode, f"{RULES[rule]['name']} BROKEN" in broken.stdout) == (1, True), broken.stdout


def strangers(package: Path, allowed: set[str]) -> set[str]:
    """What the modules of a package import from outside the standard library and the allowed."""
    names: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
    return names - sys.stdlib_module_names - allowed


def test_contracts_import_pydantic_and_nothing_else(copy: Path) -> None:
    assert strangers(copy / "contracts", {"pydantic", "contracts"}) == set()
    with (copy / "contracts" / "grid.py").open("a", encoding="utf-8") as source:
        source.write("\nimport numpy\n")
    assert strangers(copy / "contracts", {"pydantic", "contracts"}) == {"numpy"}


def too_long(paths: Iterable[Path]) -> list[str]:
    """Files over the limit. What is generated is nobody's reading."""
    read = (path for path in paths if path.suffix in WRITTEN and "published" not in path.parts)
    return [str(path) for path in read if len(path.read_text("utf-8").splitlines()) > MOST_LINES]


def badly_named(paths: Iterable[Path]) -> list[str]:
    """Python files and classes whose name says nothing."""
    found = []
    for path in (path for path in paths if path.suffix == ".py"):
        if MEANINGLESS_FILES.match(path.parent.name if path.stem == "__init__" else path.stem):
            found.append(str(path))
        classes = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef))
        found += [f"{path}: {node.name}" for node in classes if MEANINGLESS_CLASSES.match(node.name)]
    return found


def leaks(paths: Iterable[Path]) -> list[str]:
    """Lines that name a package registry's host or a path of somebody's machine."""
    found = []
    for path in paths:
        try:
            lines = [] if path.name == "uv.lock" else path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path}:{number}" for number, line in enumerate(lines, 1) if LEAKS.search(line)]
    return found


def test_no_file_is_too_long(tmp_path: Path) -> None:
    long = tmp_path / "long.py"
    long.write_text("x = 1\n" * (MOST_LINES + 1), "utf-8")
    assert too_long([long]) == [str(long)]
    assert too_long(tracked()) == []


def test_no_name_says_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "helpers.py"
    bad.write_text("class AbstractStore: ...\nclass StoreImpl: ...\nclass Store: ...\n", "utf-8")
    assert badly_named([bad]) == [str(bad), f"{bad}: AbstractStore", f"{bad}: StoreImpl"]
    assert badly_named(tracked()) == []


@pytest.mark.parametrize(
    "line", [f"index = https://{REGISTRIES[0]}/simple", "cd /" + "root/yiwang", "open('/" + "tmp/x')"]
)
def test_no_file_names_a_registry_or_somebodys_machine(tmp_path: Path, line: str) -> None:
    leaky = tmp_path / "leaky.md"
    leaky.write_text(f"fine\n{line}\n", "utf-8")
    assert leaks([leaky]) == [f"{leaky}:2"]
    assert leaks(tracked()) == []
