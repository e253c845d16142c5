"""XML from devices: local names only (lower case), no DOCTYPE, no ENTITY, bounded depth and number of elements."""

import re
from typing import Any

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser, ParseError  # type: ignore[import-untyped]

from services.alerts.adapters.wire import Unreadable, note

MAX_DEPTH = 32
MAX_ELEMENTS = 4_000

_FORBIDDEN = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml[^<>]{0,200}\?>", re.IGNORECASE)
_RAW_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")


class Node:
    """An element. `text` is what stands before its first child, stripped."""

    __slots__ = ("children", "name", "text")

    def __init__(self, name: str, text: str = "") -> None:
        self.name, self.text = name, text
        self.children: list[Node] = []

    def child(self, name: str) -> "Node | None":
        """The first direct child of that name."""
        return next((found for found in self.children if found.name == name), None)

    def value(self, *names: str) -> str | None:
        """The text of the first direct child that has one of the names and is not empty."""
        return next(
            (found.text for name in names for found in self.children if found.name == name and found.text), None
        )

    def descendants(self) -> "dict[str, list[Node]]":
        """All below it by name, each list in document order."""
        found: dict[str, list[Node]] = {}
        left = self.children[::-1]
        while left:
            node = left.pop()
            found.setdefault(node.name, []).append(node)
            left.extend(node.children[::-1])
        return found


class _Tree:
    """Target of the parser: builds nodes as they come, so that limits stop it early."""

    def __init__(self) -> None:
        self.root = Node("")
        self._open = [self.root]
        self._words: list[str] = []
        self._count = 0

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise Unreadable("xml_too_large", "XML 嵌套过深或元素过多", "too deep or too many elements")
        self._take_text()
        node = Node(tag.rpartition("}")[2].lower())
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _tag: str) -> None:
        self._take_text()
        self._open.pop()

    def data(self, words: str) -> None:
        self._words.append(words)

    def close(self) -> Node:
        return self.root

    def _take_text(self) -> None:
        node = self._open[-1]
        if self._words and not node.text and not node.children:
            node.text = "".join(self._words).strip()
        self._words.clear()


def documents(text: str) -> tuple[list[Node], list[str]]:
    """The roots of the documents in a text (several may follow one another, text around them is ignored) and notes."""
    if _FORBIDDEN.search(text):
        raise _forbidden()
    wrapped = f"<_>{_DECLARATION.sub('', text)}</_>"
    notes: list[str] = []
    try:
        root = _parse(wrapped)
    except ParseError as error:
        repaired = _RAW_AMPERSAND.sub("&amp;", wrapped)
        if repaired == wrapped:
            raise _malformed(error) from None
        try:
            root = _parse(repaired)
        except ParseError as again:
            raise _malformed(again) from None
        notes.append(note("ampersand_repaired"))
    found = [document for wrapper in root.children for document in wrapper.children]
    if not found:
        raise Unreadable("xml_missing", "报文中没有 XML 元素", "there is no XML element in the body")
    return found, notes


def _parse(text: str) -> Node:
    parser: Any = DefusedXMLParser(target=_Tree(), forbid_dtd=True)
    try:
        parser.feed(text)
        tree: Node = parser.close()
    except DefusedXmlException:
        raise _forbidden() from None
    return tree


def _forbidden() -> Unreadable:
    return Unreadable("doctype_forbidden", "不接受含 DOCTYPE 或 ENTITY 的 XML", "XML with DOCTYPE or ENTITY is refused")


def _malformed(error: Any) -> Unreadable:
    line = error.position[0]
    return Unreadable("xml_malformed", f"XML 格式错误 (第 {line} 行)", f"not well-formed XML (line {line})")
