"""What every adapter needs between bytes and words: text, short clean values, notes, and the one exception."""

import re
import unicodedata
from collections.abc import Iterable

from contracts.alerts import CanonicalReport

MAX_TEXT = 262_144
MAX_REPORTS = 64

# expat and most devices mean the larger set when they say the smaller
_CHARSETS = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "iso-8859-1": "latin-1", "latin1": "latin-1"}
_DECLARED = re.compile(rb"""^\s*<\?xml[^<>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff]+")

_NOTES = {
    "alerts_truncated": ("发送方只发来一部分告警", "the sender left out some of its alerts"),
    "ampersand_repaired": ("值中有未转义的 &, 已修复", "a raw & in a value was repaired"),
    "charset_assumed": ("未按声明的字符集编码, 按 GB18030 读取", "not in the declared charset, read as GB18030"),
    "channel_cut": ("报文在通道号后即结束, 通道号可能不完整", "the body ends with the channel, which may be cut"),
    "channel_from_zero": ("通道从 0 计数, 已加 1", "channels are counted from 0: 1 was added"),
    "channel_missing": ("没有通道号", "no channel is named"),
    "channel_of_recorder": ("录像机通道号大于 32, 减去 32", "a recorder's channel above 32: 32 was taken off"),
    "channel_invalid": ("通道号无法识别, 原样保留", "the channel is no number, kept as it is"),
    "data_unreadable": ("事件内容被截断或残缺, 只读出类型与通道", "the event's data is cut or broken: read without it"),
    "datum_assumed": ("坐标未注明坐标系, 按 WGS84 理解", "the position names no datum, WGS84 is assumed"),
    "detail_of_review": ("目标跟踪明细, 告警以 review 为准", "detail of a tracked object; the review is the alarm"),
    "heartbeat": ("心跳, 不产生告警", "a sign of life, raises nothing"),
    "method_is_position": ("报警方式 4 是位置上报, 不是告警", "alarm method 4 reports a position, not an alarm"),
    "not_an_event": ("不是告警报文", "not an event"),
    "offset_repaired": ("时区写法不规范, 已修复", "the offset was malformed and repaired"),
    "offset_sign_assumed": ("时区缺少正负号, 按 + 理解", "the offset has no sign, + is assumed"),
    "nothing_new": ("告警的后续更新, 没有新目标", "an update that shows no new object"),
    "place_implausible": ("坐标不在中国范围内, 已忽略", "the position is not in China and was ignored"),
    "part_unreadable": ("报文的一部分无法读出, 其余照常读取", "a part of the body is unreadable, the rest was read"),
    "retransmitted": ("设备补传的历史报文", "sent again later by the device"),
    "severity_assumed": ("没有有效的报警级别, 按类型确定", "no valid priority, taken from the type"),
    "state_assumed": ("没有开始/结束状态, 按开始理解", "neither start nor stop is said, start is assumed"),
    "state_report": ("状态上报, 不产生告警", "a report of state, raises nothing"),
    "time_missing": ("没有时间, 采用接收时间", "no time, the time of receipt is used"),
    "time_unreadable": ("时间无法识别, 采用接收时间", "the time is unreadable, the time of receipt is used"),
    "truncated": ("报文中有一条被截断, 未能读出", "something in the body is cut and was not read"),
    "type_mapped": ("按类型映射确定类型和级别", "type and severity are those of a type mapping"),
    "type_of_info": ("报警类型出现两次且不同, 以 Info 为准", "two different alarm types, the one in Info counts"),
    "type_unknown": ("类型未收录, 保留原始类型", "the type is not in the table, its raw name is kept"),
    "zone_assumed": ("时间没有时区, 按设备时区理解", "the time has no offset, the device's zone is assumed"),
}


_WRITTEN = {code: f"{code}: {zh} / {en}" for code, (zh, en) in _NOTES.items()}


class Unreadable(Exception):
    """Bytes that hold no report. `code`, `zh` and `en` say why and never repeat a part of the payload."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, en)
        self.code, self.zh, self.en = code, zh, en


def note(code: str) -> str:
    """The text of a note: `code: zh / en`."""
    return _WRITTEN[code]


def code_of(noted: str) -> str:
    """The stable code at the head of a note."""
    return noted.partition(":")[0]


def truncated() -> Unreadable:
    """A body of which nothing stands whole."""
    return Unreadable("truncated", "报文被截断, 没有完整的内容", "the body is cut, nothing in it is whole")


def left_out(code: str) -> CanonicalReport:
    """Stands for what could not be read in a body of which something else could."""
    return CanonicalReport(kind="ignored", notes=[note(code)])


def bounded(reports: Iterable[CanonicalReport]) -> list[CanonicalReport]:
    """The reports of one body. Raises Unreadable over 64, before more are made."""
    found: list[CanonicalReport] = []
    for report in reports:
        if len(found) == MAX_REPORTS:
            raise too_many(MAX_REPORTS)
        found.append(report)
    return found


def too_many(most: int) -> Unreadable:
    """A body with more alerts than one may have."""
    return Unreadable("too_many_reports", f"一个报文超过 {most} 条告警", f"over {most} alerts")


def clean(value: str | None, limit: int = 100) -> str | None:
    """A short value fit for a key: NFC, one line, no control characters, no leading $; None when nothing is left."""
    if not value:
        return None
    if not value.isascii():
        value = unicodedata.normalize("NFC", value[: 4 * limit])
    return _UNPRINTABLE.sub(" ", value[: 4 * limit]).strip().lstrip("$")[:limit].rstrip() or None


def check_size(body: bytes, most: int = MAX_TEXT) -> None:
    """Raises Unreadable for an empty or too large body."""
    if not body.strip(b"\x00 \t\r\n"):
        raise Unreadable("empty", "报文为空", "the body is empty")
    if len(body) > most:
        raise Unreadable("too_large", f"报文超过 {most >> 10} KiB", f"the body is over {most >> 10} KiB")


def decode(body: bytes, content_type: str = "", most: int = MAX_TEXT) -> tuple[str, list[str]]:
    """The text and notes. A BOM decides, then the XML declaration, then the content type, then UTF-8, then GB18030."""
    check_size(body, most)
    charset = _charset(body, content_type)
    try:
        return body.decode(charset).lstrip("\ufeff"), []
    except UnicodeDecodeError:
        pass
    if charset != "utf-8":
        raise _undecodable()
    try:
        return body.decode("gb18030"), [note("charset_assumed")]
    except UnicodeDecodeError:
        raise _undecodable() from None


def _charset(body: bytes, content_type: str) -> str:
    head = body[:4]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head in (b"<\x00?\x00", b"<\x00E\x00", b"<\x00N\x00", b"<\x00!\x00"):
        return "utf-16-le"
    if head in (b"\x00<\x00?", b"\x00<\x00E", b"\x00<\x00N", b"\x00<\x00!"):
        return "utf-16-be"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8"
    if declared := _DECLARED.match(body[:200]):
        return _CHARSETS.get(declared[1].decode("ascii").lower(), "utf-8")
    named = _CHARSET.search(content_type[:300])
    return _CHARSETS.get(named[1].lower(), "utf-8") if named else "utf-8"


def _undecodable() -> Unreadable:
    return Unreadable("undecodable", "文本编码无法识别", "the text is in no charset that could be recognised")
