"""What people read for the words of notices and sessions: (中文, English)."""

from services.console.wording import Words

LEVELS: Words = {
    "worker": ("网格员", "grid worker"),
    "chief": ("网格长", "grid chief"),
    "community": ("社区", "community"),
    "street": ("街道", "street"),
    "district": ("区", "district"),
}
SESSION_KINDS: Words = {
    "conference": ("视频会商", "conference"),
    "command": ("现场指挥", "command room"),
    "training": ("演练", "training"),
}
SESSION_STATES: Words = {"open": ("进行中", "open"), "closed": ("已结束", "closed")}
SESSION_ACTIONS: Words = {
    "open": ("发起", "opened"),
    "call": ("呼叫", "call"),
    "join": ("到会", "join"),
    "leave": ("离会", "leave"),
    "watch": ("调看点位", "watch a channel"),
    "decide": ("决定", "decide"),
    "close": ("结束会商", "close"),
}
