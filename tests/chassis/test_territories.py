"""What the digits of a territory's code say."""

from services.chassis.territories import is_above, national, significant, way_down, way_to

GRID, COMMUNITY, STREET = "230902001001001", "230902001001", "230902001000"
PATH = ["23", "2309", "230902", "230902001", COMMUNITY]


def test_codes_are_compared_without_their_filling() -> None:
    assert significant("230902000000") == significant("230902") == "230902"
    assert significant(STREET) == "230902001"
    assert significant(COMMUNITY) == COMMUNITY
    assert significant("230000000000") == "23"
    assert national("230902001") == STREET
    assert is_above("230902", COMMUNITY)
    assert not is_above(COMMUNITY, COMMUNITY)
    assert not is_above("230903", COMMUNITY)


def test_the_way_down_ends_at_the_grids_community() -> None:
    assert way_down(["23", "2309"], GRID) == ["23", "2309", COMMUNITY]
    assert way_down(PATH, GRID) == PATH
    assert way_to(STREET, PATH) == PATH[:4]
    assert way_to("230903", PATH) == []
