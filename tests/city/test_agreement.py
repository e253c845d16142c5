"""What two services must agree on although neither may import the other."""

from services.alerts import adapters
from services.gateway import intake


def test_the_door_knows_every_adapter() -> None:
    assert sorted(intake.ADAPTERS) == sorted(adapters.ADAPTERS)
