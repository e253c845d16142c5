"""What people read for the words of the video network's contracts: (中文, English)."""

from services.console.wording import Words

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
ADAPTERS: Words = {
    "hikvision": ("海康威视", "Hikvision"),
    "dahua": ("大华", "Dahua"),
    "onvif": ("ONVIF", "ONVIF"),
    "gb28181": ("国标 GB/T 28181", "GB/T 28181"),
    "frigate": ("Frigate", "Frigate"),
    "cloudevents": ("CloudEvents", "CloudEvents"),
    "alertmanager": ("Alertmanager", "Alertmanager"),
}
SOURCE_STATES: Words = {"active": ("有效", "active"), "revoked": ("已吊销", "revoked")}
INTAKE_REFUSALS: Words = {
    "key_missing": ("没有密钥", "no key"),
    "key_unknown": ("密钥无效", "unknown key"),
    "key_revoked": ("密钥或令牌已吊销", "revoked key or token"),
    "key_expired": ("密钥或令牌已过期", "expired key or token"),
    "token_unknown": ("地址中的令牌无效", "unknown token in the URL"),
    "scope_missing": ("没有上报权限", "may not report"),
    "adapter_unknown": ("没有该接入格式", "no such format"),
    "adapter_not_granted": ("地址只限另一种格式", "URL for another format"),
    "source_invalid": ("来源名不合规", "source name not valid"),
    "body_too_large": ("报文过大", "too large"),
    "body_too_slow": ("传输超时", "too slow"),
    "body_incomplete": ("传输中断", "broken off"),
    "store_away": ("数据库中断", "database away"),
    "spool_full": ("总线中断且暂存已满", "bus away, spool full"),
}
SILENCE_STATES: Words = {
    "pending": ("待批准", "waits for approval"),
    "active": ("生效中", "in force"),
    "ended": ("已结束", "ended"),
}
SILENCE_ACTIONS: Words = {"approve": ("批准", "approve"), "end": ("结束", "end")}
MATCHED_FIELDS: Words = {
    "device": ("设备", "device"),
    "channel": ("通道", "channel"),
    "type": ("类型", "type"),
    "severity": ("级别", "severity"),
    "grid": ("网格", "grid"),
    "rule": ("规则", "rule"),
    "target": ("目标", "target"),
    "source": ("来源", "source"),
    "raw_type": ("原始类型", "raw type"),
}
MATCHERS: Words = {
    "=": ("等于", "is"),
    "!=": ("不等于", "is not"),
    "=~": ("符合正则", "matches"),
    "!~": ("不符合正则", "does not match"),
}
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
ALERT_FIGURES: Words = {
    "raised": ("告警", "alerts"),
    "alerts": ("告警", "alerts"),
    "falsely": ("误报与测试", "false or tests"),
}
AWAITED: Words = {
    "open": ("等待确认", "waits to be acknowledged"),
    "acknowledged": ("等待研判", "waits to be judged"),
    "judged": ("等待关闭", "waits to be closed"),
}
