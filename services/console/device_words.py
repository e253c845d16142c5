"""What people read for the words of the contracts about devices: (中文, English)."""

from services.console.wording import Words

DEVICE_STATES: Words = {
    "online": ("在线", "online"),
    "silent": ("失联", "silent"),
    "offline": ("离线", "offline"),
    "retired": ("停用", "retired"),
}
DEVICE_ACTIONS: Words = {"retire": ("停用", "retire"), "restore": ("恢复", "restore")}
ARM_STATES: Words = {
    "armed": ("布防", "armed"),
    "disarmed": ("撤防", "disarmed"),
    "unknown": ("未知", "unknown"),
}
CAUSES: Words = {
    "never_heard": ("从未上报", "never heard"),
    "silent": ("失联", "silent"),
    "disarmed": ("撤防", "disarmed"),
    "not_subscribed": ("未订阅告警", "not subscribed"),
    "clock_wrong": ("时钟不准", "clock wrong"),
    "type_unmapped": ("类型未映射", "types unmapped"),
    "unreadable": ("报文无法解析", "unreadable"),
    "channel_unbound": ("点位未绑定", "channels unbound"),
    "muted": ("被静默", "muted"),
    "retired": ("已停用", "retired"),
}
