"""Items: import, drafts and steps — read, decide, write."""

from collections.abc import Sequence
from uuid import uuid4

from contracts.catalogue import ActOnItem, ImportItems, Item, ItemState, SaveItem
from contracts.faults import NotFound
from contracts.shared import Caller, ImportReport, Scope, TimelineEntry
from services.catalogue.domain.items import Content, check_editable, is_visible, step_events, take_step
from services.catalogue.domain.merging import Write, merge
from services.catalogue.rows import read_rows
from services.catalogue.spelling import Spelling, spell
from services.catalogue.store.items import ItemStore, StoredItem
from services.chassis import context, records
from services.chassis.cpu import heavy


def import_items(items: ItemStore, command: ImportItems) -> ImportReport:
    """Merge rows into the catalogue; interrupted and run again it ends with the numbers of one run."""
    import_id = context.message_id() or f"import:{uuid4().hex}"
    done = items.import_report(import_id)
    if done:
        return done
    rows, rejected = heavy(read_rows, command.rows)
    standing = items.standing([row.code for row in rows], import_id)
    merged = heavy(merge, rows, standing)
    merged.rejected.extend(rejected)
    report = merged.report(len(command.rows), command.dry_run)
    if command.dry_run:
        return report
    if merged.writes:
        spelled = _spelled(merged.writes)
        entries = {write.code: _imported(command, write) for write in merged.writes}
        items.write_import(import_id, merged.writes, spelled, entries)
    items.end_import(import_id, report, command.source, command.caller.who)
    return report


def save_item(items: ItemStore, command: SaveItem) -> Item:
    """A new draft, or other content of one."""
    content = Content.of(command)
    standing = items.get(command.code)
    if standing is None:
        command.check_version(0)
        items.add_draft(
            command.code, content, _spelling(content), records.entry(command.caller.who, "save", None, ItemState.DRAFT)
        )
    elif not standing.done:
        command.check_version(standing.version)
        check_editable(standing.state)
        entry = records.entry(command.caller.who, "save", standing.state, standing.state)
        items.save_draft(standing, content, _spelling(content), entry)
    return read_item(items, command.code, None, command.caller)


def act_on_item(items: ItemStore, command: ActOnItem) -> Item:
    """One step of the item's machine."""
    standing = _find(items, command.code, None, command.caller)
    if not standing.done:
        command.check_version(standing.version)
        to = take_step(standing.state, command.action)
        entry = records.entry(command.caller.who, command.action, standing.state, to, command.note)
        events = step_events(standing.code, standing.content, standing.version_no, to, standing.version + 1)
        items.move(standing, to, entry, events)
    return read_item(items, command.code, None, command.caller)


def read_item(items: ItemStore, code: str, version_no: int | None, caller: Caller) -> Item:
    """The item as this caller may see it. Raises NotFound."""
    return _find(items, code, version_no, caller).shown(to_staff=caller.may(Scope.CATALOGUE_HANDLE))


def _find(items: ItemStore, code: str, version_no: int | None, caller: Caller) -> StoredItem:
    found = items.get(code, version_no)
    if found is None or not is_visible(found.state, caller):
        raise NotFound("no_such_item", f"没有编码为 {code} 的事项", f"no item has the code {code}", item_code=code)
    return found


def _spelling(content: Content) -> Spelling:
    return heavy(spell, [content.name])[0]


def _spelled(writes: Sequence[Write]) -> dict[str, Spelling]:
    """The spelling of every name that is new."""
    names = sorted({write.content.name for write in writes if not write.keeps_name})
    return dict(zip(names, heavy(spell, names), strict=True))


def _imported(command: ImportItems, write: Write) -> TimelineEntry:
    before = write.before.state if write.before else None
    note = f"{command.source or '未注明来源的清单'}, 第 {write.line} 行"
    return records.entry(command.caller.who, "import", before, before or ItemState.PUBLISHED, note)
