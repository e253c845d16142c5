"""The files of rows that a city takes: how their names end, and what HTTP calls them."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BY_SUFFIX = {"csv": "text/csv", "json": "application/json", "geojson": "application/geo+json", "xlsx": XLSX}
