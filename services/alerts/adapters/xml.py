"""XML from devices: local names only (lower case), no DOCTYPE, no ENTITY, bounded depth and number of elements."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from lxml import etree

from services.alerts.adapters.wire import Unreadable, note, truncated

MAX_DEPTH = 32
MAX_ELEMENTS = 4_000

_FORBIDDEN = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml[^<>]{0,200}\?>", re.IGNORECASE)
_OPENED = re.compile(r"<(?:[A-Za-z_]|\Z)")
_CLOSED = re.compile(r"</[^<>]*>|/>")
_RAW_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")


_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


class Node:
    """An element. `text` is what stands before its first child, stripped; attributes by local name in lower case."""

    __slots__ = ("_values", "attributes", "children", "name", "text")

    def __init__(self, name: str, text: str = "") -> None:
        self.name, self.text, self.attributes = name, text, _NO_ATTRIBUTES
        self.children: list[Node] = []
        self._values: dict[str, str] | None = None

    def child(self, name: str) -> "Node | None":
        """The first direct child of that name."""
        return next((found for found in self.children if found.name == name), None)

    def value(self, *names: str) -> str | None:
        """The text of the first direct child that has one of the names and is not empty; children are all there."""
        if self._values is None:
            self._values = {found.name: found.text for found in reversed(self.children) if found.text}
        return next((self._values[name] for name in names if name in self._values), None)

    def descendants(self) -> "dict[str, list[Node]]":
        """All below it by name, each list in document order."""
        found: dict[str, list[Node]] = {}
        _gather(self, found)
        return found


def _gather(node: Node, found: dict[str, list[Node]]) -> None:
    for child in node.children:
        found.setdefault(child.name, []).append(child)
        if child.children:
            _gather(child, found)


def documents(text: str, most: int = MAX_ELEMENTS) -> tuple[list[Node], list[str]]:
    """The roots of the documents in a text (several may follow one another, text around them is ignored) and notes."""
    if _FORBIDDEN.search(text):
        raise _forbidden()
    wrapped = f"<_>{_DECLARATION.sub('', text)}</_>"
    notes: list[str] = []
    try:
        root = _parse(wrapped, most)
    except etree.XMLSyntaxError as error:
        if len(_OPENED.findall(text)) != len(_CLOSED.findall(text)):
            raise truncated() from None
        repaired = _RAW_AMPERSAND.sub("&amp;", wrapped)
        if repaired == wrapped:
            raise _malformed(error) from None
        try:
            root = _parse(repaired, most)
        except etree.XMLSyntaxError as again:
            raise _malformed(again) from None
        notes.append(note("ampersand_repaired"))
    found = root.children
    if not found:
        raise Unreadable("xml_missing", "报文中没有 XML 元素", "there is no XML element in the body")
    return found, notes


def _parse(text: str, most: int) -> Node:
    # nothing is fetched, no entity but the five of XML is replaced, and what libxml2 finds too large it refuses
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = Node("")
    _grow(root, etree.fromstring(text, parser), 1, [most])
    return root


def _grow(node: Node, element: etree._Element, depth: int, left: list[int]) -> None:
    left[0] -= len(element)
    if depth > MAX_DEPTH or left[0] < 0:
        raise Unreadable("xml_too_large", "XML 嵌套过深或元素过多", "too deep or too many elements")
    grown = node.children
    for child in element:
        text = child.text
        below = Node(_local(str(child.tag)), text.strip() if text else "")
        if items := child.items():
            below.attributes = {_local(str(name)): str(value) for name, value in items}
        grown.append(below)
        if len(child):
            _grow(below, child, depth + 1, left)


@lru_cache(1024)
def _local(name: str) -> str:
    return name.rpartition("}")[2].lower()


def cut_out(text: str, name: str) -> list[str]:
    """The elements of that name that stand whole in a text which cannot be parsed as one, whatever lies between."""
    begin = re.compile(rf"<(?:[\w.-]{{1,40}}:)?{name}(?=[\s>])")
    found, left = [], 0
    for end in re.finditer(rf"</(?:[\w.-]{{1,40}}:)?{name}\s*>", text):
        begins = [place.start() for place in begin.finditer(text, left, end.start())]
        found += [text[place : end.end()] for place in begins[-1:]]
        left = end.end()
    return found


def _forbidden() -> Unreadable:
    return Unreadable("doctype_forbidden", "不接受含 DOCTYPE 或 ENTITY 的 XML", "XML with DOCTYPE or ENTITY is refused")


def _malformed(error: etree.XMLSyntaxError) -> Unreadable:
    line = error.lineno
    return Unreadable("xml_malformed", f"XML 格式错误 (第 {line} 行)", f"not well-formed XML (line {line})")
