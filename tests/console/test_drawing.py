"""The service map on its canvas."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from services.console.drawing import BOX, HEIGHT, drawn

NAMES = st.sampled_from(["gateway", "alerts", "cases", "grid", "catalogue", "sharing", "store", "other"])
LINKS = st.lists(
    st.fixed_dictionaries(
        {
            "caller": NAMES,
            "callee": NAMES,
            "via": st.just("request"),
            "count": st.integers(1, 10**9),
            "failed": st.just(0),
        }
    ),
    min_size=1,
    max_size=20,
)


@given(LINKS)
def test_every_box_has_a_place_of_its_own_on_the_canvas(links: list[dict[str, object]]) -> None:
    drawing = drawn(links)
    assert {box.name for box in drawing.boxes} == {str(link[end]) for link in links for end in ("caller", "callee")}
    assert len(drawing.arrows) == len(links)
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - BOX
        assert 0 <= box.y <= drawing.height - HEIGHT
    for one, other in combinations(drawing.boxes, 2):
        assert abs(one.x - other.x) >= BOX or abs(one.y - other.y) >= HEIGHT


def test_nothing_to_draw() -> None:
    assert drawn([]).boxes == []
