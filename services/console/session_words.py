"""What people read for the words of sessions: (中文, English)."""

from services.console.wording import Words

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
