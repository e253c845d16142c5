"""What died on the bus, and of what, as people read it."""

from services.console.wording import Words, said

EVENTS: Words = {
    "alerts.report_received.v1": ("报文已接收", "report received"),
    "alerts.raised.v1": ("告警产生", "alert raised"),
    "alerts.incident_opened.v1": ("事件成立", "incident opened"),
    "cases.reported.v1": ("工单上报", "case reported"),
    "cases.moved.v1": ("工单流转", "case moved"),
    "cases.signed.v1": ("工单签收", "case signed"),
    "cases.resolved.v1": ("工单办结", "case resolved"),
    "cases.closed.v1": ("工单结案", "case closed"),
    "cases.rejected.v1": ("工单不予受理", "case rejected"),
    "cases.withdrawn.v1": ("工单撤诉", "case withdrawn"),
    "cases.reopened.v1": ("工单重开", "case reopened"),
    "grid.published.v1": ("网格发布", "grid published"),
    "grid.adjusted.v1": ("网格调整", "grid adjusted"),
    "grid.split.v1": ("网格拆分", "grid split"),
    "grid.merged.v1": ("网格合并", "grids merged"),
    "grid.redrawn.v1": ("网格调界", "borders redrawn"),
    "grid.retired.v1": ("网格撤销", "grids retired"),
    "grid.staffed.v1": ("网格任职变更", "grid staffed"),
    "sharing.decided.v1": ("共享申请已决定", "dataset application decided"),
    "sharing.records_published.v1": ("共享数据发布", "records published"),
}
# what a message died of: the kind of the fault, and its code
DEATHS: Words = {
    "undecodable": ("消息读不懂", "the message cannot be read"),
    "unreadable": ("报文读不懂", "the report cannot be read"),
    "not_found": ("所指的对象不存在", "what it is about is not there"),
    "refused": ("业务规则不允许", "a rule forbids it"),
    "conflict": ("与现状冲突", "it conflicts with what stands"),
    "invalid": ("内容不合要求", "its content is not acceptable"),
    "forbidden": ("没有权限", "not allowed"),
    "unavailable": ("依赖不可用", "a dependency is away"),
    "fault": ("程序故障", "a fault of the program"),
    "broker": ("总线判为死信", "the broker gave it up"),
}
CODES: Words = {
    "alert_unknown": ("没有这条告警", "no such alert"),
    "incident_unknown": ("没有这个事件", "no such incident"),
    "adapter_unknown": ("没有这种接入格式", "no such adapter"),
    "doctype_forbidden": ("含 DOCTYPE 或 ENTITY", "DOCTYPE or ENTITY"),
    "xml_malformed": ("XML 格式错误", "not well-formed XML"),
    "xml_missing": ("没有 XML", "no XML"),
    "xml_too_large": ("XML 过深或过大", "XML too deep or too large"),
    "truncated": ("报文被截断", "the body is cut"),
    "json_malformed": ("JSON 格式错误", "not valid JSON"),
    "json_too_deep": ("JSON 嵌套过深", "JSON too deep"),
    "json_too_large": ("JSON 过深或过大", "JSON too deep or too large"),
    "report_missing": ("只有图片, 没有告警", "pictures without a report"),
    "too_many_parts": ("部分过多", "too many parts"),
    "too_many_reports": ("一个报文中告警过多", "too many alerts in one body"),
    "empty": ("报文为空", "empty"),
    "too_large": ("报文过大", "too large"),
    "body_too_large": ("消息过大", "too large"),
    "schema_invalid": ("字段不符合契约", "not as its contract says"),
    "message_id_missing": ("没有消息号", "no message id"),
    "type_unexpected": ("事件类型不符", "another type of event"),
    "reply_to_missing": ("请求没有回信地址", "a request without an address for the reply"),
    "delivery_limit": ("反复投递仍未处理", "delivered too often"),
}


def cause(language: str, reason: str) -> str:
    """What a message died of (`kind: code: …`), in words as far as there are any."""
    kind, code, *_ = (*reason.split(": "), "")
    return ": ".join([said(DEATHS, language, kind), *([said(CODES, language, code)] if code in CODES else [])])
