"""The whole city fits on a small machine."""

import psutil

from deploy.local.city import SERVICES
from deploy.local.supervisor import holder

from ..conftest import City, state

MOST_MB = 700


def test_the_services_of_an_idle_city_are_small(city: City) -> None:
    """Proportional set size: a page that several processes share counts once. Broker and store apart."""
    pids = {name: state(city.home)[name]["pid"] for name in SERVICES} | {"supervisor": holder(city.home)}
    used = {name: psutil.Process(pid).memory_full_info().pss / 1e6 for name, pid in pids.items()}
    assert sum(used.values()) < MOST_MB, used
