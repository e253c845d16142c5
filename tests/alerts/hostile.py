"""Bodies that no device should send, by what is wrong with them; and damaged copies of sound ones."""

import gc
import random
import time
from collections.abc import Iterator
from itertools import pairwise

from services.alerts import adapters
from services.alerts.adapters import Unreadable

from .samples import SAMPLES
from .scene import fixture

MOST_CPU_S = 0.1
LAUGHS = "".join(f'<!ENTITY {after} "{f"&{name};" * 10}">' for name, after in pairwise("abcdefghi"))


def hostile(address: str = "127.0.0.1:9", file: str = "/dev/null") -> dict[str, bytes]:
    """Each kind once. `address` and `file` are what external entities ask for."""
    outside = f'"http://{address}/evil.dtd"'
    return {
        "nothing": b"",
        "blank": b" \r\n\x00",
        "nul": b'{"type": "\\u0000", "eventType": "VMD\x00"}',
        "billion laughs": f'<!DOCTYPE x [<!ENTITY a "lol">{LAUGHS}]><x>&i;</x>'.encode(),
        "quadratic": f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]><x>{"&a;" * 20_000}</x>'.encode(),
        "external file": f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{file}">]><x>&a;</x>'.encode(),
        "external address": f"<!DOCTYPE x [<!ENTITY a SYSTEM {outside}>]><x>&a;</x>".encode(),
        "external subset": f"<!DOCTYPE x SYSTEM {outside}><x/>".encode(),
        "parameter entity": f"<!DOCTYPE x [<!ENTITY % a SYSTEM {outside}> %a;]><x/>".encode(),
        "entity in utf-16": f"\ufeff<!DOCTYPE x SYSTEM {outside}><x/>".encode("utf-16-le"),
        "entity in utf-7": f"+ADw-!DOCTYPE x SYSTEM +ACI-http://{address}/+ACI-+AD4-<x/>".encode(),
        "entity said to be utf-7": f'<?xml version="1.0" encoding="UTF-7"?><!DOCTYPE x SYSTEM {outside}><x/>'.encode(),
        "stylesheet": f"<?xml-stylesheet href={outside}?><x/>".encode(),
        "inclusion": f'<x xmlns:i="http://www.w3.org/2001/XInclude"><i:include href={outside}/></x>'.encode(),
        "schema": f'<x xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation={outside}/>'.encode(),
        "deep xml": b"<a>" * 60_000,
        "wide xml": b"<a>" + b"<b/>" * 50_000 + b"</a>",
        "declarations": b"<?xml " * 40_000,
        "ampersands": b"<a b='" + b"&" * 200_000,
        "deep list": b"[" * 200_000,
        "deep object": b'{"a":' * 40_000,
        "nested events": b'{"type":"new","after":' * 20 + b"1" + b"}" * 20,
        "wide list": b"[" + b"1," * 120_000 + b"1]",
        "huge number": b'{"type":"new","after":{"severity":"alert","start_time":' + b"9" * 4000 + b"}}",
        "longer number": b'{"eventType":' + b"9" * 200_000 + b"}",
        "endless number": b'{"type":"new","after":{"severity":"alert","start_time":1e999}}',
        "no number": b'{"type":"end","after":{"severity":"alert","end_time":NaN}}',
        "lone surrogate": b'{"type":"new","after":{"severity":"alert","camera":"\\ud800"}}',
        "operators": b'{"$where":"1","alerts":[{"labels":{"alertname":{"$gt":""},"$set":1},"status":{}}]}',
        "wrong kinds": b'{"type":["new"],"before":[],"after":{"severity":{},"data":{"objects":{"a":1},"audio":[[]]}}}',
        "many alerts": b'{"alerts":[' + b'{"labels":{}},' * 15_000 + b"{}]}",
        "not utf-8": b'{"eventType":"\xff\xfe\xff"}',
        "latin letters": '{"type":"new","after":{"label":"é"}}'.encode("latin-1"),
        "boundaries": b"--b\r\n" * 50_000,
        "parts": b"--b\r\n\r\n{}\r\n" * 100 + b"--b--",
        "codes": b"Code=VideoMotion;action=Start;index=0;data={\n" * 5_000,
        "open data": b"Code=VideoMotion;action=Start;index=0;data=" + b"{" * 100_000,
        "soap without end": b"<Envelope><Body><Notify>" + b"<NotificationMessage>" * 2_000,
    }


CONTENT_TYPES = (
    "",
    "application/xml",
    "application/json",
    'text/xml; charset="utf-7"',
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=\x00",
    "application/xml; charset=" + "x" * 200,
)


def samples(adapter: str) -> list[bytes]:
    """What an adapter's senders send."""
    return [fixture(name) for name in SAMPLES[adapter]]


def damaged(sound: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Copies with bytes changed, cut out, doubled, swapped between samples, and cut off."""
    chance = random.Random(seed)
    for _ in range(count):
        body = bytearray(chance.choice(sound))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(body) + 1)
            match chance.randrange(5):
                case 0:
                    body[at : at + 1] = bytes([chance.randrange(256)])
                case 1:
                    del body[at : at + chance.randint(1, 40)]
                case 2:
                    body[at:at] = body[at : at + chance.randint(1, 60)] * chance.randint(1, 20)
                case 3:
                    body[at:at] = chance.choice(sound)[at : at + 80]
                case _:
                    del body[len(body) - chance.randint(0, len(body) // 4) :]
        yield bytes(body)


def survives(adapter: str, body: bytes, content_type: str) -> None:
    """Reports that can be told, or Unreadable with a reason in both languages; in a tenth of a second of CPU."""
    # a collection would look through all that the test session holds
    gc.disable()
    began = time.thread_time()
    try:
        for report in adapters.read(adapter, body, content_type):
            report.model_dump_json().encode()
    except Unreadable as refused:
        assert refused.code and refused.en and refused.zh
    finally:
        took = time.thread_time() - began
        gc.enable()
    assert took < MOST_CPU_S
