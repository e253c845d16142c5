"""`python -m services.publish [--check]`: contracts/published/ from the code, refusing what breaks a promise."""

import json
import sys
import warnings
from pathlib import Path
from typing import Any, cast

warnings.filterwarnings("ignore", message=r"(?s).*Eventlet is deprecated")

from contracts.base import EVENTS, Event, Request  # noqa: E402
from contracts.compatibility import Schema, breaks  # noqa: E402
from services.chassis.entrypoints import answered  # noqa: E402
from services.chassis.registry import listeners, service_class  # noqa: E402
from services.chassis.topology import SERVICES, event_queue, request_queue  # noqa: E402

PUBLISHED = Path(__file__).parents[1] / "contracts" / "published"


def documents() -> dict[str, Schema]:
    """File name → JSON document."""
    from services.gateway.app import openapi  # noqa: PLC0415 (after the services: the door knows all requests)

    requests = sorted(
        {(name, request) for name in SERVICES for request in answered(service_class(name))},
        key=lambda pair: (pair[0], pair[1].method),
    )
    found: dict[str, Schema] = {f"events/{wire}.json": _event(event) for wire, event in _events()}
    for name, request in requests:
        found[f"requests/{name}.{request.method}.json"] = request.model_json_schema()
        reply = request.reply().model_json_schema(mode="serialization")
        found[f"requests/{name}.{request.method}.reply.json"] = reply
    found["asyncapi.json"] = _asyncapi(requests)
    found["openapi.json"] = cast("Schema", json.loads(json.dumps(openapi())))
    return found


def findings(frozen: Path, new: dict[str, Schema]) -> list[str]:
    """What breaks a promise that stands in `frozen`, an earlier output."""
    found: list[str] = []
    for path in sorted([*frozen.glob("events/*.json"), *frozen.glob("requests/*.json")]):
        name = f"{path.parent.name}/{path.name}"
        broken = breaks(json.loads(path.read_text("utf-8")), new[name]) if name in new else [": gone"]
        found += [f"{path.stem}{finding}" for finding in broken]
    return found


def main(arguments: list[str]) -> int:
    """Write, or with --check compare; 1 when something differs or breaks."""
    new = {name: json.dumps(document, ensure_ascii=False, indent=1) + "\n" for name, document in documents().items()}
    broken = findings(PUBLISHED, {name: json.loads(text) for name, text in new.items()})
    for finding in broken:
        print(f"breaks a promise: {finding}", file=sys.stderr)  # noqa: T201
    if broken:
        print("只许增加可选字段; 其余须另立新版本 / only optional additions; anything else is a .v2", file=sys.stderr)  # noqa: T201
        return 1
    old = {str(path.relative_to(PUBLISHED)): path for path in PUBLISHED.rglob("*.json")}
    differing = sorted(
        name for name in set(new) | set(old) if name not in old or new.get(name) != old[name].read_text("utf-8")
    )
    if "--check" in arguments:
        for name in differing:
            print(f"contracts/published/{name} differs from the code: run make contracts", file=sys.stderr)  # noqa: T201
        return 1 if differing else 0
    for name in differing:
        target = PUBLISHED / name
        if name not in new:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(new[name], "utf-8")
    print(f"contracts/published: {len(new)} files, {len(differing)} changed")  # noqa: T201
    return 0


def _events() -> list[tuple[str, type[Event]]]:
    """Those of contracts/ alone: who loads this may know others."""
    return sorted((wire, event) for wire, event in EVENTS.items() if event.__module__.startswith("contracts."))


def _event(event: type[Event]) -> Schema:
    schema = event.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:yiwang:event:{event.wire}",
        "x-owner": event.owner(),
        "x-public": event.public,
        **schema,
    }


def _asyncapi(requests: list[tuple[str, type[Request[Any]]]]) -> Schema:
    heard = [(name, event) for name, event in listeners()]
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for wire, event in _events():
        channels[wire] = {
            "address": wire,
            "description": (event.__doc__ or "").strip(),
            "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}},
            "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": "yiwang.events", "type": "topic"}}},
        }
        operations[f"publish.{wire}"] = {"action": "send", "channel": {"$ref": f"#/channels/{_escape(wire)}"}}
    for name, event in heard:
        operations[f"hear.{event_queue(name, event.wire)}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{_escape(event.wire)}"},
            "description": f"{name} hears it on the queue {event_queue(name, event.wire)}",
        }
    messages: dict[str, Any] = {
        event.__name__: {
            "name": wire,
            "contentType": "application/cloudevents+json",
            "payload": {"$ref": f"./events/{wire}.json"},
        }
        for wire, event in _events()
    }
    for name, request in requests:
        address = f"{name}.{request.method}"
        channels[address] = {
            "address": address,
            "description": (request.__doc__ or "").strip(),
            "messages": {
                "request": {"$ref": f"#/components/messages/{address}"},
                "reply": {"$ref": f"#/components/messages/{address}.reply"},
            },
            "bindings": {"amqp": {"is": "queue", "queue": {"name": request_queue(name), "durable": True}}},
        }
        operations[f"answer.{address}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{_escape(address)}"},
            "messages": [{"$ref": f"#/channels/{_escape(address)}/messages/request"}],
            "reply": {
                "address": {"location": "$message.header#/reply_to"},
                "channel": {"$ref": f"#/channels/{_escape(address)}"},
                "messages": [{"$ref": f"#/channels/{_escape(address)}/messages/reply"}],
            },
        }
        messages[address] = {"name": address, "payload": {"$ref": f"./requests/{address}.json"}}
        reply = f"{address}.reply"
        messages[reply] = {"name": reply, "payload": {"$ref": f"./requests/{reply}.json"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yiwang 一网",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 on the topic exchange yiwang.events; requests on nameko's RPC wire.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
