"""What people read for the words of the grid registry's contracts: (中文, English)."""

from services.console.wording import Words

DATUMS: Words = {
    "wgs84": ("WGS84", "WGS84"),
    "cgcs2000": ("CGCS2000", "CGCS2000"),
    "gcj02": ("GCJ-02 (高德、腾讯)", "GCJ-02 (Amap, Tencent)"),
    "bd09": ("BD-09 (百度)", "BD-09 (Baidu)"),
}
GRID_KINDS: Words = {"base": ("基础网格", "base grid"), "dedicated": ("专属网格", "dedicated grid")}
GRID_ACTIONS: Words = {
    "create": ("新建", "created"),
    "import": ("导入", "imported"),
    "change": ("变更", "changed"),
    "activate": ("启用", "activate"),
    "suspend": ("停用", "suspend"),
    "resume": ("恢复", "resume"),
    "cancel": ("作废", "cancel"),
    "split": ("拆分", "split"),
    "merge": ("合并", "merged"),
    "adjust": ("调界", "borders moved"),
    "retire": ("撤销", "retired"),
}
PLAN_KINDS: Words = {
    "split": ("拆分", "split"),
    "merge": ("合并", "merge"),
    "adjust": ("调界", "adjust"),
    "retire": ("撤销", "retire"),
}
PLAN_STATES: Words = {
    "prepared": ("待执行", "prepared"),
    "committed": ("已执行", "committed"),
    "cancelled": ("已取消", "cancelled"),
}
PLAN_ACTIONS: Words = {
    "prepare": ("编制", "prepared"),
    "commit": ("执行", "commit"),
    "cancel": ("取消方案", "cancel"),
}
POSTS: Words = {"A": ("A 岗 (服务站)", "A (station)"), "B": ("B 岗 (网格)", "B (grid)")}
POSTING_STATES: Words = {
    "planned": ("待上岗", "planned"),
    "current": ("在岗", "current"),
    "on_leave": ("休假", "on leave"),
    "ended": ("已离任", "ended"),
    "cancelled": ("已取消", "cancelled"),
}
ASSIGNMENT_ACTIONS: Words = {
    "start_leave": ("休假", "start leave"),
    "end_leave": ("销假", "end leave"),
    "end": ("离任", "end"),
    "cancel": ("取消任职", "cancel"),
}
VACANCIES: Words = {
    "nobody": ("无人任职", "nobody is posted"),
    "on_leave": ("休假无人顶岗", "on leave, nobody stands in"),
}
# who answers for a place, by the rule that found them
RULES: Words = {
    "worker": ("本网格网格员", "the grid's worker"),
    "chief": ("本网格无网格员, 由网格长负责", "no worker here, the chief answers"),
    "supervisor": ("由网格指导员负责", "the supervisor answers"),
    "community": ("本网格无人, 由社区负责", "nobody in the grid, its community answers"),
    "worker_backup": ("网格员休假, 由顶岗人负责", "the worker is on leave, the backup answers"),
    "chief_backup": ("网格长休假, 由顶岗人负责", "the chief is on leave, the backup answers"),
    "supervisor_backup": ("网格指导员休假, 由顶岗人负责", "the supervisor is on leave, the backup answers"),
    "community_backup": ("社区负责人休假, 由顶岗人负责", "the community's person is on leave, the backup answers"),
}
CARE: Words = {
    "minimum_living": ("低保", "minimum living"),
    "living_alone": ("独居", "living alone"),
    "empty_nest": ("空巢", "empty nest"),
    "disabled": ("残疾", "disabled"),
    "seriously_ill": ("重病", "seriously ill"),
    "left_behind_child": ("留守儿童", "left-behind child"),
    "bereaved_parent": ("失独", "bereaved parent"),
    "veteran": ("退役军人", "veteran"),
}
HOUSEHOLD_FIELDS: Words = {
    "room": ("房屋", "room"),
    "size": ("人数", "size"),
    "care": ("关爱标签", "care tags"),
    "persons": ("家庭成员", "persons"),
}
IMPORT_KINDS: Words = {
    "divisions": ("区划", "divisions"),
    "boundaries": ("区划边界", "boundaries"),
    "aliases": ("区划旧代码", "old codes"),
    "grids": ("网格", "grids"),
    "staff": ("网格人员", "staff"),
    "assignments": ("任职", "assignments"),
    "units": ("条线单元", "units of other hierarchies"),
    "buildings": ("楼栋", "buildings"),
    "rooms": ("房屋", "rooms"),
    "households": ("住户", "households"),
    "devices": ("设备", "devices"),
    "catalog": ("国标目录 (GB/T 28181)", "national catalogue (GB/T 28181)"),
    "categories": ("工单分类", "case categories"),
    "items": ("事项", "items"),
}
