"""Keeping places in step: a new ground moves channels, a bound channel locates the alerts that wait for it."""

from services.alerts.store import AlertStore


def follow(store: AlertStore) -> None:
    """Bring ground, channels and waiting alerts in step; what is cut short is done by the next round."""
    if store.moved is None:
        store.moved = store.alerts.waited_for()
    turn = store.grids.rebuild()
    if turn is not None:
        store.moved |= store.channels.follow(store.grids.terrain)
        store.grids.followed(turn)
    moved, store.moved = store.moved, set()
    if not moved:
        return
    settled = False
    try:
        # a channel may have been placed by the ground as it was before the last round
        store.channels.follow(store.grids.terrain, moved)
        settled = store.alerts.locate(store.channels.bound_among(moved))
    finally:
        if not settled:
            store.moved |= moved
