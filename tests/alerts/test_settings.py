"""The times of folding and climbing: what is set is kept, all else is as shipped."""

from contracts.alerts import AlertType, Level, SaveAlertSettings
from services.alerts.domain import SHIPPED
from services.alerts.store import AlertStore

from .scene import CALLER


def test_what_is_set_is_kept_and_all_else_is_as_shipped(alerts: AlertStore) -> None:
    assert alerts.settings.get() == SHIPPED
    alerts.settings.save(SaveAlertSettings(caller=CALLER, quiet_s={AlertType.MOTION: 90}, flapping_raised=5))
    told = alerts.settings.save(
        SaveAlertSettings(caller=CALLER, quiet_s={AlertType.PIR: 30}, climb_minutes={Level.CHIEF: 1})
    )
    assert told.version == 2
    assert told.flapping_raised == 5
    assert told.flood_reports == SHIPPED.flood_reports
    assert told.quiet_s == {**SHIPPED.quiet_s, AlertType.MOTION: 90, AlertType.PIR: 30}
    assert told.climb_minutes == {**SHIPPED.climb_minutes, Level.CHIEF: 1}
