"""What people read for the words of the contracts: (中文, English). A word without an entry is shown as it is."""

Words = dict[str, tuple[str, str]]

LANGUAGES = {"zh": "zh-CN", "en": "en"}

ALERT_TYPES: Words = {
    "motion": ("移动侦测", "motion"),
    "intrusion": ("区域入侵", "intrusion"),
    "line_crossing": ("越界", "line crossing"),
    "region_entrance": ("进入区域", "region entrance"),
    "region_exiting": ("离开区域", "region exit"),
    "loitering": ("徘徊", "loitering"),
    "left_object": ("物品遗留", "object left"),
    "object_removed": ("物品搬移", "object removed"),
    "crowd_density": ("人员聚集", "crowd"),
    "fast_motion": ("快速移动", "fast motion"),
    "wrong_way": ("逆行", "wrong way"),
    "fire_smoke": ("烟火", "fire or smoke"),
    "fall": ("跌倒", "fall"),
    "illegal_parking": ("违停", "illegal parking"),
    "road_occupation": ("占道", "road occupation"),
    "garbage_overflow": ("垃圾满溢", "garbage overflow"),
    "e_bike_in_lift": ("电动车入梯", "e-bike in lift"),
    "plate_recognised": ("车牌识别", "plate recognised"),
    "face_match": ("人脸比对", "face match"),
    "io_input": ("IO 输入", "IO input"),
    "pir": ("红外", "infrared"),
    "manual_alarm": ("手动报警", "manual alarm"),
    "video_loss": ("视频丢失", "video loss"),
    "video_tamper": ("视频遮挡", "video tampering"),
    "scene_change": ("场景变更", "scene change"),
    "defocus": ("虚焦", "defocus"),
    "device_tamper": ("设备被破坏", "device tampering"),
    "storage_full": ("存储满", "storage full"),
    "disk_fault": ("磁盘故障", "disk fault"),
    "high_temperature": ("高温", "high temperature"),
    "device_silent": ("设备失联", "device silent"),
    "unknown": ("未知", "unknown"),
}
ALERT_STATES: Words = {
    "open": ("待处理", "open"),
    "acknowledged": ("已确认", "acknowledged"),
    "judged": ("已研判", "judged"),
    "closed": ("已关闭", "closed"),
}
ALERT_ACTIONS: Words = {
    "acknowledge": ("确认", "acknowledge"),
    "judge": ("研判", "judge"),
    "close": ("关闭", "close"),
    "reopen": ("重开", "reopen"),
    "raise": ("告警", "raised"),
    "end": ("结束", "ended"),
}
VERDICTS: Words = {
    "true": ("属实", "true"),
    "false": ("误报", "false"),
    "test": ("测试", "test"),
    "duplicate": ("重复", "duplicate"),
}
CASE_STATES: Words = {
    "reported": ("已上报", "reported"),
    "verified": ("已核实", "verified"),
    "filed": ("已立案", "filed"),
    "dispatched": ("已派单", "dispatched"),
    "handling": ("处置中", "handling"),
    "returned": ("已退单", "returned"),
    "suspended": ("已挂账", "suspended"),
    "resolved": ("已办结", "resolved"),
    "awaiting_callback": ("待回访", "awaiting call-back"),
    "closed": ("已结案", "closed"),
    "rejected": ("不予受理", "rejected"),
    "withdrawn": ("已撤诉", "withdrawn"),
}
CASE_ACTIONS: Words = {
    "report": ("上报", "report"),
    "verify": ("核实", "verify"),
    "file": ("立案", "file"),
    "reject": ("不予受理", "reject"),
    "dispatch": ("派单", "dispatch"),
    "sign": ("签收", "sign"),
    "return": ("退单", "return"),
    "transfer": ("转办", "transfer"),
    "extend": ("延期", "extend"),
    "suspend": ("挂账", "suspend"),
    "resume": ("恢复", "resume"),
    "resolve": ("办结", "resolve"),
    "pass": ("核查通过", "pass"),
    "fail": ("核查不通过", "fail"),
    "call_back": ("回访", "call back"),
    "reopen": ("重开", "reopen"),
    "withdraw": ("撤诉", "withdraw"),
}
CASE_SOURCES: Words = {
    "12345": ("12345 热线", "12345 hotline"),
    "patrol": ("巡查", "patrol"),
    "video": ("视频", "video"),
    "resident": ("居民", "resident"),
    "department": ("部门", "department"),
    "superior": ("上级交办", "superior"),
    "open311": ("Open311", "Open311"),
}
GRID_STATES: Words = {
    "draft": ("草稿", "draft"),
    "active": ("启用", "active"),
    "changing": ("变更中", "changing"),
    "suspended": ("停用", "suspended"),
    "retired": ("撤销", "retired"),
    "cancelled": ("作废", "cancelled"),
}
ROLES: Words = {
    "supervisor": ("网格指导员", "supervisor"),
    "chief": ("网格长", "chief"),
    "worker": ("网格员", "worker"),
    "group_leader": ("居民小组长", "group leader"),
    "building_head": ("楼栋长", "building head"),
    "part_time": ("兼职网格员", "part-time worker"),
    "volunteer": ("志愿者", "volunteer"),
    "reported_member": ("双报到党员", "reported member"),
}
STAGES: Words = {
    "dispatch": ("派单", "dispatch"),
    "sign": ("签收", "sign"),
    "handling": ("处置", "handling"),
    "callback": ("回访", "call-back"),
}
URGENCIES: Words = {"normal": ("一般", "normal"), "urgent": ("紧急", "urgent"), "critical": ("特急", "critical")}


def word(language: str, zh: str, en: str) -> str:
    """The words in the operator's language."""
    return zh if language == "zh" else en


def said(words: Words, language: str, found: str | None) -> str:
    """A word of the contracts in the operator's language."""
    if found is None:
        return "–"
    return word(language, *words.get(found, (found, found)))
