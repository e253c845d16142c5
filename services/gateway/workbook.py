"""The parts of an Excel workbook (.xlsx) that rows are made of, read as streams and never as trees.

What a file may take of time and memory is bounded by its unpacked size, which is known before anything is unpacked:
the archive's directory states it, and no part yields more than it states.
"""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from posixpath import dirname, join, normpath
from typing import NamedTuple
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from defusedxml.expatreader import DefusedExpatParser
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from contracts.faults import Invalid
from services.gateway.limits import IMPORT

MOST_UNPACKED = 4 * IMPORT
# of a part that is neither the sheet nor its texts
MOST_KEPT = IMPORT
MOST_PARTS = 1000
MOST_DEPTH = 32
CHUNK = 64 * 1024
ROOT = "_rels/.rels"


def too_large() -> Invalid:
    """A small file may hold a large one."""
    return Invalid(
        "spreadsheet_too_large",
        "表格展开后过大, 请删去图片与多余内容, 或拆分",
        "too large when unpacked: take out pictures and what is not needed, or split it",
    )


class Element(NamedTuple):
    """An element that has just ended: local names, attributes as they are written, the text directly within it."""

    name: str
    parent: str
    attributes: "AttributesImpl[str]"
    text: str


class Related(NamedTuple):
    """What a part points at: the kind's last word, and the path of the other part."""

    kind: str
    path: str


class Workbook:
    """A workbook that is open for reading. Invalid spreadsheet_too_large; a broken one raises as its readers do."""

    def __init__(self, body: bytes) -> None:
        self._archive = ZipFile(BytesIO(body))
        parts = self._archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise too_large()
        self._path = next(one.path for one in self._related("", ROOT).values() if one.kind == "officeDocument")
        folder, name = dirname(self._path), self._path.rpartition("/")[2]
        self._parts = self._related(folder, join(folder, "_rels", f"{name}.rels"))
        self.epoch: datetime = WINDOWS_EPOCH
        self._sheet = ""
        for element in self._elements(self._path):
            told = element.attributes
            if element.name == "workbookPr" and told.get("date1904") in ("1", "true"):
                self.epoch = MAC_EPOCH
            elif element.name == "sheet" and not self._sheet and told.get("state", "visible") == "visible":
                related = self._parts[next(value for key, value in told.items() if key.endswith(":id"))]
                self._sheet = related.path if related.kind == "worksheet" else ""

    def sheet(self) -> Iterator[Element]:
        """The first sheet that a person sees."""
        return self._elements(self._sheet, MOST_UNPACKED)

    def texts(self) -> list[str]:
        """The shared texts, without the readings 拼音 that may stand beside them."""
        texts, parts = [], list[str]()
        for element in self._of("sharedStrings", MOST_UNPACKED):
            if element.name == "t" and element.parent != "rPh":
                parts.append(element.text)
            elif element.name == "si":
                texts.append("".join(parts))
                parts.clear()
        return texts

    def formats(self) -> list[str]:
        """The number format of each style, by the style's number."""
        codes: dict[int, str] = dict(BUILTIN_FORMATS)
        # Chinese dates 年月日 and times 时分秒, whose codes no file spells out
        codes |= dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd")
        numbers = []
        for element in self._of("styles"):
            if element.name == "numFmt":
                codes[int(element.attributes["numFmtId"])] = element.attributes["formatCode"]
            elif element.name == "xf" and element.parent == "cellXfs":
                numbers.append(int(element.attributes.get("numFmtId", "0")))
        return [codes.get(number, "General") for number in numbers]

    def _of(self, kind: str, most: int = MOST_KEPT) -> Iterator[Element]:
        for related in self._parts.values():
            if related.kind == kind:
                yield from self._elements(related.path, most)

    def _related(self, folder: str, path: str) -> dict[str, Related]:
        return {
            element.attributes["Id"]: Related(
                element.attributes["Type"].rpartition("/")[2],
                normpath(join("/", folder, element.attributes["Target"])).lstrip("/"),
            )
            for element in self._elements(path)
            if element.name == "Relationship"
        }

    def _elements(self, path: str, most: int = MOST_KEPT) -> Iterator[Element]:
        part = self._archive.getinfo(path)
        if part.file_size > most:
            raise too_large()
        if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise NotImplementedError
        reader, ended = DefusedExpatParser(forbid_dtd=True), _Ended()
        reader.setContentHandler(ended)
        with self._archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                reader.feed(chunk)
                yield from ended.taken()
        reader.close()
        yield from ended.taken()


class _Ended(ContentHandler):
    """Gathers the elements that end."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, AttributesImpl[str], list[str]]] = []
        self._ended: list[Element] = []

    def startElement(self, name: str, attrs: "AttributesImpl[str]") -> None:  # noqa: N802 (SAX calls it so)
        if len(self._open) >= MOST_DEPTH:
            raise SAXException("too deep")
        self._open.append((name.rpartition(":")[2], attrs, []))

    def characters(self, content: str) -> None:
        self._open[-1][2].append(content)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        own, attributes, texts = self._open.pop()
        self._ended.append(Element(own, self._open[-1][0] if self._open else "", attributes, "".join(texts)))

    def taken(self) -> list[Element]:
        """Those since the last time."""
        taken, self._ended = self._ended, []
        return taken
