"""Records in and out: CloudEvents from departments, and the current records of a dataset for a purpose."""

from starlette.responses import Response

from contracts.shared import Scope
from contracts.sharing import Published, PublishRecords, QueryRecords, Records
from services.gateway import cloudevents
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.limits import IMPORT
from services.gateway.reading import Form

PURPOSE = {
    "name": "X-Purpose",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "使用目的, e.g. social_assistance",
}
EVENT = {
    "specversion": "1.0",
    "id": "20260102-0001",
    "source": "/minzheng/low-income",
    "type": "cn.gov.minzheng.low_income",
    "data": {"id_no": "0001", "since": "2026-01-01"},
}

area = Area("exchange", "数据交换: 上报与查询")


@area.route(
    "POST",
    "/v1/datasets/{dataset}/events",
    Rule(Scope.DATASETS_PUBLISH, writes=True, limit=IMPORT),
    Published,
    example=EVENT,
    body_types=(cloudevents.STRUCTURED, cloudevents.BATCH, "application/json"),
    body_schema={"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}, "maxItems": 1000}]},
    answers={"207": "some records were taken and some were not, each named"},
)
async def publish_records(call: Call) -> Response:
    """CloudEvents 1.0, binary, structured or batch: up to 1,000 records of a dataset."""
    reading = cloudevents.read(call.request.headers, call.body)
    published = await call.ask(_order(call, reading)) if reading.events else cloudevents.NOTHING
    outcome = cloudevents.merged(reading, published)
    return call.answer(outcome, cloudevents.status_of(outcome, reading))


@area.route("GET", "/v1/data/{dataset}", Rule(Scope.DATASETS_USE), Records, parameters_of=QueryRecords, more=[PURPOSE])
async def query_records(call: Call) -> Response:
    """Current records of a dataset for the purpose in X-Purpose; the use is logged before it is answered."""
    purpose = cloudevents.purpose_of(call.request.headers)
    form = Form(QueryRecords, frozenset({"dataset"}), in_query=True, fixed={"purpose": purpose})
    records = await call.ask(form.read(call))
    return call.answer(records, X_Masked_Fields=", ".join([*records.masked_fields, *records.hidden_fields]))


def _order(call: Call, reading: cloudevents.Reading) -> PublishRecords:
    return PublishRecords(
        caller=call.caller,
        idempotency_key=call.idempotency_key,
        dataset=call.request.path_params["dataset"],
        events=[event for _, event in reading.events],
    )
