"""What watches the city, against what it must agree with: the metrics, the pages, and Prometheus's own checks."""

import json
import re
import subprocess
from collections import Counter
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from deploy.local.home import ROOT
from services.chassis import metrics
from services.console.pages.runbook import ENTRIES

TELEMETRY = ROOT / "deploy" / "telemetry"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((TELEMETRY / "rules.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
DASHBOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in (TELEMETRY / "grafana").glob("*.json")}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
REGISTRIES: tuple[CollectorRegistry, ...] = (metrics.SERVICE, metrics.GATEWAY, metrics.CONSOLE)
NAME = re.compile(r"\b(?:yiwang|process)_[a-z_]+\b(?!=)")


def series() -> set[str]:
    """Every name that a process may show."""
    names = set[str]()
    for family in (family for registry in REGISTRIES for family in registry.collect()):
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        names |= {family.name + ending for ending in endings}
    return names


def expressions(dashboard: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


@pytest.mark.parametrize(
    "command",
    [("check", "config", "prometheus.yml"), ("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")],
)
def test_prometheus_takes_it(command: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *command], cwd=TELEMETRY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_of_metrics_are_well_formed() -> None:
    ours = {name for name in series() if name.startswith("yiwang_")}
    assert len(ours) > 20
    assert {name for name in series() if not name.startswith(("yiwang_", "process_"))} == set()
    histograms = [family for registry in REGISTRIES for family in registry.collect() if family.type == "histogram"]
    assert all(family.name.endswith("_seconds") for family in histograms)


def test_whatever_is_asked_for_is_shown_by_somebody() -> None:
    asked = [rule["expr"] for rule in RULES] + [expr for found in DASHBOARDS.values() for expr in expressions(found)]
    named = {name for expr in asked for name in NAME.findall(expr)}
    assert len(named) > 20
    assert named - series() == set()


def test_every_alert_is_tested_and_says_what_to_do() -> None:
    tested = (TELEMETRY / "rules_test.yml").read_text("utf-8")
    for rule in RULES:
        name, told = rule["alert"], rule["annotations"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(told) == {"summary_zh", "summary", "runbook"}
        assert told["runbook"] == f"/runbook/{name}"
        # silent once, firing once
        assert len(re.findall(rf"alertname: {name}\b", tested)) == 2
    assert {rule["alert"] for rule in RULES} == set(ENTRIES)


def test_links_between_pages_lead_somewhere() -> None:
    linked = {target for entry in ENTRIES.values() for target in re.findall(r'href="(.*?)"', entry.zh + entry.en)}
    assert {target.removeprefix("/runbook/") for target in linked if target.startswith("/runbook/")} <= set(ENTRIES)


def test_every_process_is_scraped_where_it_listens() -> None:
    jobs = yaml.safe_load((TELEMETRY / "prometheus.yml").read_text("utf-8"))["scrape_configs"][0]["static_configs"]
    scraped = {job["labels"]["process"]: job["targets"][0] for job in jobs}
    ours = {name for name, one in COMPOSE.items() if one.get("image", "").startswith("yiwang:")}
    assert set(scraped) == ours - {"prepare", "declare"}
    image = dict(re.findall(r"^    (?:ENV )?([A-Z_]+)=(\S+)", (ROOT / "deploy/Dockerfile").read_text("utf-8"), re.M))
    ports = {"gateway": image["METRICS_PORT"], "console": str(COMPOSE["console"]["environment"]["TRACES_PORT"])}
    assert scraped == {name: f"{name}:{ports.get(name, image['HEALTH_PORT'])}" for name in scraped}
    assert image["HEALTH_HOST"] == "0.0.0.0"  # noqa: S104
    published = [port.rpartition(":")[2] for one in COMPOSE.values() for port in one.get("ports", [])]
    assert not set(ports.values()) & set(published)


def test_dashboards_are_whole() -> None:
    assert len({found["uid"] for found in DASHBOARDS.values()}) == len(DASHBOARDS) == 2
    for found in DASHBOARDS.values():
        assert Counter(panel["id"] for panel in found["panels"]).most_common(1)[0][1] == 1
        assert found["templating"]["list"][0]["type"] == "datasource"
        assert {panel["datasource"]["uid"] for panel in found["panels"]} == {"${datasource}"}
    assert all('process="$process"' in expr for expr in expressions(DASHBOARDS["process"]))
    mounted = {volume.split(":")[0] for volume in COMPOSE["grafana"]["volumes"]}
    assert {f"./deploy/telemetry/grafana/{name}.json" for name in DASHBOARDS} <= mounted


@pytest.mark.parametrize("name", ["collector", "jaeger"])
def test_every_part_of_a_pipeline_is_configured(name: str) -> None:
    told = yaml.safe_load((TELEMETRY / f"{name}.yaml").read_text("utf-8"))
    service = told["service"]
    assert set(service.get("extensions", [])) == set(told.get("extensions", {}))
    for kind in ("receivers", "processors", "exporters"):
        used = {part for pipeline in service["pipelines"].values() for part in pipeline[kind]}
        assert used == set(told[kind])


def test_the_collector_sends_to_where_console_and_jaeger_listen() -> None:
    collector, jaeger = (
        yaml.safe_load((TELEMETRY / f"{name}.yaml").read_text("utf-8")) for name in ("collector", "jaeger")
    )
    port = jaeger["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    listening = {f"http://jaeger:{port}", f"http://console:{COMPOSE['console']['environment']['TRACES_PORT']}"}
    assert {exporter["endpoint"] for exporter in collector["exporters"].values()} == listening
