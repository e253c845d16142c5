"""A page of search results; its cursor is the rank of the last hit, so that it holds when the index is rebuilt."""

from contracts.catalogue import Found, SearchItems
from contracts.faults import Invalid
from contracts.shared import Page
from services.catalogue.search import Index, Rank
from services.chassis import cursors


def search_page(index: Index, query: SearchItems) -> Page[Found]:
    """Best first. Raises Invalid (cursor_invalid)."""
    after = _rank(query.cursor) if query.cursor else None
    items, following = index.search(
        query.q, department=query.department, type=query.type, after=after, limit=query.limit
    )
    return Page(items=items, next=cursors.encode(*following) if following else None)


def _rank(cursor: str) -> Rank:
    score, length, code = cursors.decode(cursor, 3)
    if not isinstance(score, int | float) or not isinstance(length, int) or not isinstance(code, str):
        raise Invalid.field("/cursor", "cursor_invalid", "游标无效, 请从第一页重新开始", "not a cursor of this list")
    return float(score), length, code
