"""部门数据共享: the directory, applications, grants and the exchange log."""

from contracts import sharing
from contracts.shared import Scope
from services.gateway.area import Area

READ, PUBLISH, USE = Scope.DATASETS_READ, Scope.DATASETS_PUBLISH, Scope.DATASETS_USE
SCHEMA = {
    "type": "object",
    "required": ["id_no"],
    "properties": {"id_no": {"type": "string"}, "since": {"type": "string", "format": "date"}},
}

area = Area("sharing", "部门数据共享: 目录、申请、授权、交换日志")

area.ask("GET", "/v1/datasets", sharing.ListDatasets, READ)
area.ask(
    "POST",
    "/v1/datasets",
    sharing.SaveDataset,
    PUBLISH,
    example={
        "code": "mz-low-income",
        "title": "低保对象",
        "sharing_type": "conditional",
        "key_field": "id_no",
        "fields": [{"name": "id_no", "title_zh": "身份证号", "personal": "sensitive", "default_mask": "id_card"}],
        "json_schema": SCHEMA,
    },
)
area.ask("GET", "/v1/datasets/{code}", sharing.GetDataset, READ)
area.ask("POST", "/v1/datasets/{code}:{action}", sharing.ActOnDataset, None, example={"note": "目录信息已核对"})
area.ask("GET", "/v1/datasets/{dataset}/schemas", sharing.GetSchema, READ)
area.ask(
    "POST",
    "/v1/schemas:test",
    sharing.TestSchema,
    READ,
    names={"json_schema": "schema"},
    example={"schema": SCHEMA, "record": {"id_no": "0001"}},
)

area.ask("GET", "/v1/dataset-applications", sharing.ListDatasetApplications, READ)
area.ask(
    "POST",
    "/v1/dataset-applications",
    sharing.ApplyForDataset,
    USE,
    status=201,
    example={
        "dataset": "mz-low-income",
        "purpose": "social_assistance",
        "legal_basis": "《社会救助暂行办法》第四条",
        "fields": ["id_no"],
        "valid_until": "2027-01-01T00:00:00+08:00",
    },
)
area.ask(
    "POST",
    "/v1/dataset-applications/{id}:{decision}",
    sharing.DecideDatasetApplication,
    None,
    example={"reason": "用途与依据相符", "masks": {"id_no": "hash"}},
)
area.ask("GET", "/v1/grants", sharing.ListGrants, READ)
area.ask("POST", "/v1/grants/{id}:revoke", sharing.RevokeGrant, None, example={"reason": "用途已结束"})

area.ask("GET", "/v1/subscriptions", sharing.ListSubscriptions, USE)
area.ask("POST", "/v1/subscriptions", sharing.Subscribe, USE, status=201, example={"grant": "g-1", "delivery": "pull"})
area.ask("GET", "/v1/subscriptions/{subscription}/records", sharing.PullRecords, USE)

area.ask("GET", "/v1/exchange-log", sharing.ListExchanges, READ)
area.ask("GET", "/v1/exchange-log:verify", sharing.VerifyExchanges, READ)
