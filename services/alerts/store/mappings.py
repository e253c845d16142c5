"""类型映射 in the store: one document for each mapping, and one for each adapter with the types that wait for one."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo.errors import PyMongoError

from contracts.alerts import DeleteTypeMapping, SaveTypeMapping, TypeMapping, TypeMappings, UnmappedType
from contracts.faults import NotFound
from contracts.shared import Done
from services.alerts import mapping
from services.alerts.mapping import Meaning, Meanings, Met, RawType
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.resting import Remembered

_REMEMBERED_S = 2.0


class Mappings:
    """Mappings as they stand, remembered for two seconds at most, and the unmapped types, counted in memory between.

    A mapping that is deleted stays as a document without a type, so that an order sent again is recognised.
    """

    def __init__(self, mappings: Aggregates, unmapped: Aggregates) -> None:
        self._mappings, self._unmapped = mappings, unmapped
        self._remembered = Remembered(self._read, _REMEMBERED_S, _REMEMBERED_S)
        self._met = Met()

    def meanings(self) -> Meanings:
        """What each mapped raw type means."""
        return self._remembered.get()

    def met(self, unknown: Iterable[tuple[str, str]]) -> None:
        """Note reports (adapter, raw type) of unknown type: written by the next `write_met`."""
        meanings = self.meanings()
        for adapter, raw_type in unknown:
            if mapping.key(adapter, raw_type) not in meanings:
                self._met.add(adapter, raw_type)

    def write_met(self) -> None:
        """Write what was met since the last time, one write for each adapter."""
        met = self._met.taken()
        if not met:
            return
        try:
            left = self._write(met)
        except PyMongoError:
            self._again(met)
            raise
        self._again({adapter: met[adapter] for adapter in left})

    def save(self, command: SaveTypeMapping) -> TypeMapping:
        """Map it, or map it otherwise."""
        key = _id(mapping.key(command.adapter, command.raw_type))
        fields = command.model_dump(mode="json", include={"adapter", "raw_type", "type", "severity"})
        found = self._mappings.get(key)
        if found is None:
            if not self._mappings.insert({"_id": key, **fields}):
                return self.save(command)
        elif not context.applied(found):
            command.check_version(found["version"])
            self._mappings.update(key, found["version"], Change(set=fields))
        self._remembered.forget()
        return TypeMapping.model_validate(self._mappings.get(key))

    def delete(self, command: DeleteTypeMapping) -> Done:
        """Map it no more. Raises NotFound when it is not mapped."""
        key = _id(mapping.key(command.adapter, command.raw_type))
        found = self._mappings.get(key)
        if found and context.applied(found):
            return Done(id=key, version=found["version"])
        if found is None or found["type"] is None:
            raise NotFound("mapping_unknown", "没有这条类型映射", "there is no such type mapping")
        command.check_version(found["version"])
        self._mappings.update(key, found["version"], Change(set={"type": None, "severity": None}))
        self._remembered.forget()
        return Done(id=key, version=found["version"] + 1)

    def page(self) -> TypeMappings:
        """All mappings by name, and what waits for one."""
        mapped = {found["_id"]: found for found in self._mappings.collection.find().sort("_id", 1) if found["type"]}
        waiting = [
            one
            for found in self._unmapped.collection.find()
            for one in _types(found)
            if _id(mapping.key(one.adapter, one.raw_type)) not in mapped
        ]
        return TypeMappings(
            items=[TypeMapping.model_validate(found) for found in mapped.values()],
            unmapped=mapping.by_frequency(waiting),
        )

    def _read(self) -> dict[RawType, Meaning]:
        found = [TypeMapping.model_validate(one) for one in self._mappings.collection.find() if one["type"]]
        return {mapping.key(one.adapter, one.raw_type): mapping.meaning(one.type, one.severity) for one in found}

    def _write(self, met: Mapping[str, Mapping[str, int]]) -> list[str]:
        """The adapters whose document somebody else changed or made meanwhile."""
        present = context.now()
        standing = {found["_id"]: found for found in self._unmapped.collection.find({"_id": {"$in": list(met)}})}
        kept = {
            adapter: [
                one.model_dump(exclude={"adapter"})
                for one in mapping.merged(_types(standing.get(adapter)), adapter, counts, present)
            ]
            for adapter, counts in met.items()
        }
        fresh = self._unmapped.insert_many(
            [New({"_id": adapter, "types": types}) for adapter, types in kept.items() if adapter not in standing]
        )
        changed = [
            Changed(adapter, found["version"], Change(set={"types": kept[adapter]}))
            for adapter, found in standing.items()
        ]
        outcomes = zip(standing, self._unmapped.update_many(changed), strict=True)
        return [
            *(adapter for adapter in kept if adapter not in standing and adapter not in fresh),
            *(adapter for adapter, outcome in outcomes if outcome == "stale"),
        ]

    def _again(self, met: Mapping[str, Mapping[str, int]]) -> None:
        for adapter, counts in met.items():
            for raw_type, times in counts.items():
                self._met.add(adapter, raw_type, times)


def _id(raw_type: RawType) -> str:
    return f"{raw_type.adapter}/{raw_type.word}"


def _types(document: Mapping[str, Any] | None) -> list[UnmappedType]:
    """Those that a document of the unmapped holds."""
    return [UnmappedType(adapter=document["_id"], **one) for one in document["types"]] if document else []
