"""Import of the ground: rows are read, compared with what stands, and written in bulk; a dry run only counts."""

from collections.abc import Callable
from typing import Any

from contracts.grid import ImportAliases, ImportDwellings, ImportGround, ImportUnits
from contracts.shared import ImportReport
from services.grid.importing.aliases import aliases
from services.grid.importing.boundaries import boundaries
from services.grid.importing.divisions import divisions
from services.grid.importing.dwellings import buildings, households, rooms
from services.grid.importing.grids import grids
from services.grid.importing.people import assignments, staff
from services.grid.importing.tally import Tally
from services.grid.importing.units import units
from services.grid.store import GridStore

KINDS: dict[str, Callable[[GridStore, Any, Tally], None]] = {
    "divisions": divisions,
    "aliases": aliases,
    "boundaries": boundaries,
    "units": units,
    "grids": grids,
    "staff": staff,
    "assignments": assignments,
    "buildings": buildings,
    "rooms": rooms,
    "households": households,
}


def carry_out(store: GridStore, command: ImportGround | ImportDwellings | ImportAliases | ImportUnits) -> ImportReport:
    """Import rows of one kind. Good rows are written, bad ones listed by line and key."""
    done = store.imports.done()
    if done:
        return done
    match command:
        case ImportAliases():
            kind = "aliases"
        case ImportUnits():
            kind = "units"
        case _:
            kind = command.kind
    tally = Tally(kind, dry_run=command.dry_run, read=len(command.rows))
    KINDS[kind](store, command, tally)
    report = tally.report()
    if not command.dry_run:
        store.imports.keep(report, command.caller.who)
    return report
