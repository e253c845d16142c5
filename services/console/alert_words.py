"""What people read for the words of the video network's contracts: (中文, English)."""

from services.console.wording import Words

QUALITIES: Words = {
    "time_missing": ("报文没有时间, 采用接收时间", "the report names no time: when it was received"),
    "time_unreadable": ("报文时间无法识别, 采用接收时间", "its time is unreadable: when it was received"),
    "zone_assumed": ("时间没有时区, 按设备时区理解", "its time has no offset: in the device's zone"),
    "offset_repaired": ("时区写法不规范, 已修复", "its malformed offset was repaired"),
    "offset_sign_assumed": ("时区缺少正负号, 按 + 理解", "its offset has no sign: + is assumed"),
    "clock_skew": ("设备时钟与接收时间相差 5 分钟以上", "the device's clock is off by more than 5 minutes"),
    "retransmitted": ("设备补传的历史报文", "sent again later by the device"),
    "stop_ignored": ("早于最近一次上报的停止, 已忽略", "a stop older than the last report was ignored"),
    "datum_assumed": ("坐标未注明坐标系, 按 WGS84 理解", "the position names no datum: WGS84 is assumed"),
    "place_implausible": ("上报坐标不在国内, 采用点位位置", "the position is not in China: the channel's place"),
    "place_outside_city": ("上报坐标不在本市, 采用点位位置", "the position is not in the city: the channel's place"),
    "channel_unbound": ("点位未绑定位置", "the channel is not bound to a place"),
    "grid_unknown": ("所在位置没有网格", "no grid lies there"),
}
MUTED: Words = {"true": ("仅被静默或抑制", "muted only"), "false": ("不含被静默或抑制", "without muted")}
MEDIA_KINDS: Words = {"picture": ("图片", "picture"), "clip": ("录像", "clip")}
REPORT_STATES: Words = {
    "received": ("待处理", "received"),
    "parsed": ("已解析", "parsed"),
    "heartbeat": ("心跳", "heartbeat"),
    "ignored": ("无告警", "no alarm"),
    "rejected": ("无法读取", "unreadable"),
}
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
DEVICE_STATES: Words = {
    "online": ("在线", "online"),
    "silent": ("失联", "silent"),
    "offline": ("离线", "offline"),
    "retired": ("停用", "retired"),
}
ALERT_FIGURES: Words = {
    "raised": ("告警", "alerts"),
    "alerts": ("告警", "alerts"),
    "falsely": ("误报与测试", "false or tests"),
}
LEVELS: Words = {
    "worker": ("网格员", "worker"),
    "chief": ("网格长", "chief"),
    "community": ("社区", "community"),
    "street": ("街道", "street"),
    "district": ("区", "district"),
}
AWAITED: Words = {
    "open": ("等待确认", "waits to be acknowledged"),
    "acknowledged": ("等待研判", "waits to be judged"),
    "judged": ("等待关闭", "waits to be closed"),
}
