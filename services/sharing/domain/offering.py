"""What a caller may do now: the rules themselves are asked, so that what is offered is what would be admitted."""

from collections.abc import Callable
from datetime import datetime

from contracts.faults import Forbidden, Refused
from contracts.shared import Caller, Scope
from contracts.sharing import Dataset, DatasetAction, DatasetApplication, Grant, Mask
from services.sharing.domain import datasets, grants
from services.sharing.masks import may_replace

DECISIONS: tuple[grants.Decision, ...] = ("approve", "refuse")


def for_dataset(found: Dataset, caller: Caller) -> Dataset:
    """The dataset with the caller's steps, and whether it may apply for it."""
    steps = [action for action in DatasetAction if _admits(datasets.step, found, action, caller)]
    requestable = caller.may(Scope.DATASETS_USE) and _admits(grants.check_requestable, found, caller)
    return found.model_copy(update={"allowed_actions": steps, "requestable": requestable})


def for_application(found: DatasetApplication, of: Dataset, caller: Caller, now: datetime) -> DatasetApplication:
    """The application with the caller's decisions, and the masks that an approval may set."""
    steps = [taken for taken in DECISIONS if _admits(grants.check_decision, found, taken, of, caller, now)]
    masks = {
        field.name: [mask for mask in Mask if may_replace(field.default_mask, mask)]
        for field in of.fields
        if "approve" in steps and field.name in found.fields
    }
    return found.model_copy(update={"allowed_actions": steps, "allowed_masks": masks})


def for_grant(found: Grant, of: Dataset, caller: Caller) -> Grant:
    """The grant, and whether the caller may revoke it."""
    steps = ["revoke"] if _admits(grants.check_revocation, found, of, caller) else []
    return found.model_copy(update={"allowed_actions": steps})


def _admits(rule: Callable[..., object], *asked: object) -> bool:
    try:
        rule(*asked)
    except (Forbidden, Refused):
        return False
    return True
