"""What people read for the words of incidents and rules: (中文, English)."""

from services.console.wording import Words

INCIDENT_STATES: Words = {
    "candidate": ("待确认", "candidate"),
    "open": ("待派单", "open"),
    "dispatched": ("已派单", "dispatched"),
    "handling": ("处置中", "handling"),
    "resolved": ("已处置", "resolved"),
    "closed": ("已结束", "closed"),
    "merged": ("已合并", "merged"),
    "rejected": ("不成立", "rejected"),
}
INCIDENT_ACTIONS: Words = {
    "confirm": ("确认成立", "confirm"),
    "reject": ("不成立", "reject"),
    "dispatch": ("派单", "dispatch"),
    "answer": ("接手", "answer"),
    "resolve": ("处置完成", "resolve"),
    "close": ("结束", "close"),
    "merge": ("并入", "merge"),
    "open": ("成为事件", "opened"),
    "notify": ("通知", "told"),
    "absorb": ("并入了另一事件", "took in another"),
    "evidence": ("网格员上报佐证", "a worker's report"),
}
INCIDENT_RESULTS: Words = {
    "handled": ("已处置", "handled"),
    "false": ("误报", "false"),
    "over": ("自行结束", "over"),
}
LEVELS: Words = {
    "worker": ("网格员", "worker"),
    "chief": ("网格长", "chief"),
    "community": ("社区", "community"),
    "street": ("街道", "street"),
    "district": ("区", "district"),
}
# what each field of a rule means, in the order of the form
RULE_FIELDS: Words = {
    "name": ("名称", "name"),
    "enabled": ("是否启用", "whether it counts"),
    "order": ("顺序, 小者先", "order, the smallest first"),
    "match": (
        "看哪些告警: types, targets, grids, devices, scenes, severity_at_least, seen (移动侦测须见到人或车)",
        "which alerts: types, targets, grids, devices, scenes, severity_at_least, seen (motion with a target only)",
    ),
    "group_by": (
        "按什么归并: grid, device, channel, type, family, subject",
        "what puts them together: grid, device, channel, type, family, subject",
    ),
    "window_s": ("时间窗 (秒)", "window (seconds)"),
    "threshold": ("达到多少", "how many it takes"),
    "distinct_by": ("数什么: alert, channel, device, type", "what is counted: alert, channel, device, type"),
    "share": ("占设备通道的比例 (0–1)", "share of the device's channels (0–1)"),
    "create": ("open 直接成事件, candidate 先待确认", "open at once, or a candidate that waits to be confirmed"),
    "severity": ("级别 1–4, 空为最高的告警", "severity 1–4; null: that of the gravest alert"),
    "resolve_on": ("hand 人工, ended 告警全部结束", "hand, or ended: when all its alerts have ended"),
    "dispatch_to": (
        "先通知哪一级: worker, chief, community, street, district",
        "who is told first: worker, chief, community, street, district",
    ),
    "mutes": ("首条之外的告警不再打扰", "all but the leading alert are muted"),
    "governance": ("未诉先办, 不影响其他规则", "governance: counts beside the other rules"),
}
