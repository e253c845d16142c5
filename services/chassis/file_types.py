"""The files of rows and of a platform's catalogue that a city takes: how their names end, what HTTP calls them."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BY_SUFFIX = {
    "csv": "text/csv",
    "json": "application/json",
    "geojson": "application/geo+json",
    "xml": "application/xml",
    "xlsx": XLSX,
}
