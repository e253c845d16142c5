"""What people read for the words of the contracts: (中文, English). A word without an entry is shown as it is."""

from datetime import timedelta

Words = dict[str, tuple[str, str]]

LANGUAGES = {"zh": "zh-CN", "en": "en"}

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
    "move": ("调整网格", "moved to another grid"),
    "due_soon": ("将到期", "due soon"),
    "overdue": ("超时", "overdue"),
    "calendar_missing": ("缺工作日历", "calendar missing"),
    "calendar_found": ("工作日历已补", "calendar found"),
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
PROCESSES: Words = {
    "gateway": ("网关", "gateway"),
    "console": ("控制台", "console"),
    "grid": ("网格", "grid"),
    "alerts": ("告警", "alerts"),
    "cases": ("工单", "cases"),
    "catalogue": ("事项", "catalogue"),
    "sharing": ("共享", "sharing"),
}
SERVICES = tuple(name for name in PROCESSES if name not in ("gateway", "console"))
URGENCIES: Words = {"normal": ("一般", "normal"), "urgent": ("紧急", "urgent"), "critical": ("特急", "critical")}
ITEM_TYPES: Words = {
    "permission": ("行政许可", "permission"),
    "grant": ("行政给付", "grant"),
    "confirmation": ("行政确认", "confirmation"),
    "award": ("行政奖励", "award"),
    "ruling": ("行政裁决", "ruling"),
    "other": ("其他行政权力", "other power"),
    "public_service": ("公共服务", "public service"),
}
ITEM_STATES: Words = {
    "draft": ("草稿", "draft"),
    "in_review": ("审核中", "in review"),
    "approved": ("已审核", "approved"),
    "published": ("已发布", "published"),
    "suspended": ("已暂停", "suspended"),
    "retired": ("已取消", "retired"),
}
ITEM_ACTIONS: Words = {
    "save": ("保存", "save"),
    "import": ("导入", "import"),
    "submit": ("送审", "submit"),
    "send_back": ("退回", "send back"),
    "approve": ("审核通过", "approve"),
    "publish": ("发布", "publish"),
    "suspend": ("暂停", "suspend"),
    "resume": ("恢复", "resume"),
    "retire": ("取消", "retire"),
}
CASE_TYPES: Words = {"instant": ("即办件", "decided at once"), "promised": ("承诺件", "decided in a promised time")}
MATCHED: Words = {
    "name": ("名称", "name"),
    "initials": ("拼音首字母", "initials"),
    "pinyin": ("拼音", "pinyin"),
    "theme": ("主题", "theme"),
    "department": ("部门", "department"),
    "all": ("全部", "all"),
}
CHANNELS: Words = {
    "window": ("窗口", "counter"),
    "web": ("网上", "web"),
    "mobile": ("手机", "mobile"),
    "kiosk": ("自助机", "kiosk"),
    "cabinet": ("云柜", "cabinet"),
    "home_visit": ("上门", "home visit"),
}
APPLICATION_STATES: Words = {
    "draft": ("草稿", "draft"),
    "submitted": ("已提交", "submitted"),
    "correcting": ("待补正", "to be corrected"),
    "corrected": ("已补正", "corrected"),
    "accepted": ("已受理", "accepted"),
    "not_accepted": ("不予受理", "not accepted"),
    "reviewing": ("审查中", "in review"),
    "approved": ("准予", "approved"),
    "refused": ("不予批准", "refused"),
    "delivered": ("已送达", "delivered"),
    "withdrawn": ("已撤回", "withdrawn"),
}
APPLICATION_ACTIONS: Words = {
    "save_draft": ("填写", "fill in"),
    "submit": ("提交", "submit"),
    "accept": ("受理", "accept"),
    "ask_correction": ("补正告知", "ask to correct"),
    "correct": ("补正", "correct"),
    "not_accept": ("不予受理", "do not accept"),
    "review": ("审查", "review"),
    "decide": ("决定", "decide"),
    "deliver": ("送达", "deliver"),
    "withdraw": ("撤回", "withdraw"),
    "set_clock": ("确定期限", "set the clock"),
}
DECISIONS: Words = {"approved": ("准予", "approved"), "refused": ("不予批准", "refused")}
URGENCY: Words = {
    "in_time": ("计时中", "running"),
    "soon": ("将到期", "due soon"),
    "overdue": ("超期", "overdue"),
}
SHARING_TYPES: Words = {
    "unconditional": ("无条件共享", "unconditional"),
    "conditional": ("有条件共享", "conditional"),
    "denied": ("不予共享", "denied"),
}
DATASET_STATES: Words = {
    "draft": ("草稿", "draft"),
    "review": ("审核中", "in review"),
    "published": ("已发布", "published"),
    "suspended": ("已暂停", "suspended"),
    "withdrawn": ("已撤下", "withdrawn"),
}
DATASET_ACTIONS: Words = {
    "submit": ("送审", "submit"),
    "publish": ("发布", "publish"),
    "suspend": ("暂停", "suspend"),
    "withdraw": ("撤下", "withdraw"),
}
FIELD_TYPES: Words = {
    "string": ("文本", "text"),
    "integer": ("整数", "integer"),
    "number": ("数值", "number"),
    "boolean": ("是否", "yes or no"),
    "date": ("日期", "date"),
}
PERSONAL: Words = {"none": ("否", "no"), "general": ("一般", "general"), "sensitive": ("敏感", "sensitive")}
MASKS: Words = {
    "show": ("明文", "in full"),
    "hide": ("不显示", "hidden"),
    "name": ("仅姓", "first character"),
    "id_card": ("证号首六末四", "first 6, last 4"),
    "mobile": ("号码首三末四", "first 3, last 4"),
    "address": ("至区县", "to the district"),
    "year": ("仅年份", "year"),
    "hash": ("散列", "hash"),
}
PURPOSES: Words = {
    "public_security": ("公共安全", "public security"),
    "social_assistance": ("社会救助", "social assistance"),
    "grid_governance": ("网格治理", "grid governance"),
    "service_handling": ("政务办理", "service handling"),
    "emergency": ("应急处置", "emergency"),
    "statistics": ("统计", "statistics"),
    "unknown": ("未在目录中", "not on the list"),
}
DATASET_APPLICATION_STATES: Words = {
    "submitted": ("待审批", "to be decided"),
    "approved": ("已批准", "approved"),
    "refused": ("未批准", "refused"),
}
DATASET_DECISIONS: Words = {"approve": ("批准", "approve"), "refuse": ("不批准", "refuse")}
GRANT_STATES: Words = {
    "active": ("有效", "active"),
    "suspended": ("已暂停", "suspended"),
    "revoked": ("已撤销", "revoked"),
    "expired": ("已过期", "expired"),
}
DELIVERIES: Words = {"queue": ("队列", "queue"), "pull": ("拉取", "pull")}
SUBSCRIPTION_STATES: Words = {
    "active": ("有效", "active"),
    "paused": ("已暂停", "paused"),
    "suspended": ("已中止", "suspended"),
}
EXCHANGE_ACTIONS: Words = {
    "query": ("查询", "query"),
    "pull": ("拉取", "pull"),
    "deliver": ("送达", "delivery"),
    "refuse": ("拒绝", "refused"),
}
REFUSALS: Words = {
    "dataset_not_published": ("数据集未发布", "the dataset is not published"),
    "sharing_denied": ("不予共享", "not shared"),
    "no_grant": ("没有授权", "no grant"),
    "purpose_not_granted": ("目的不在授权内", "no grant for this purpose"),
    "grant_revoked": ("授权已撤销", "the grant was revoked"),
    "grant_expired": ("授权已过期", "the grant has expired"),
    "grant_suspended": ("授权已暂停", "the grant is suspended"),
    "key_not_shown": ("授权未提供主键", "the grant does not show the key"),
}

CASE_FIGURES: Words = {
    "open": ("未结", "open"),
    "overdue": ("超时未结", "open and overdue"),
    "reported": ("上报", "reported"),
    "closed": ("结案", "closed"),
    "overdue_closed": ("超时结案", "closed late"),
    "responded": ("已响应", "responded to"),
    "not_responded": ("未响应", "not responded to"),
    "response_unknown": ("响应率剔除", "excluded from the response rate"),
    "solved": ("一次解决", "solved at once"),
    "not_solved": ("未一次解决", "not solved at once"),
    "solution_unknown": ("解决率剔除", "excluded from the solution rate"),
    "satisfied": ("满意", "satisfied"),
    "not_satisfied": ("不满意", "not satisfied"),
    "satisfaction_unknown": ("满意率剔除", "excluded from the satisfaction rate"),
}


def word(language: str, zh: str, en: str) -> str:
    """The words in the operator's language."""
    return zh if language == "zh" else en


def said(words: Words, language: str, found: str | None) -> str:
    """A word of the contracts in the operator's language."""
    if found is None:
        return "–"
    return word(language, *words.get(found, (found, found)))


def span(language: str, lasted: timedelta) -> str:
    """A length of time in its two largest units: 3 小时 12 分."""
    minutes = max(int(lasted.total_seconds() // 60), 0)
    parts = [(minutes // 1440, "天", "d"), (minutes // 60 % 24, "小时", "h"), (minutes % 60, "分", "min")]
    first = next((at for at, (number, _, _) in enumerate(parts) if number), 2)
    told = [f"{number} {word(language, zh, en)}" for number, zh, en in parts[first : first + 2] if number]
    return " ".join(told) or word(language, "不到 1 分", "less than 1 min")
