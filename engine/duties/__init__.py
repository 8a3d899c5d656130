"""Duties, staff and posts: who may do what, and what one person may not combine.

``processes/duties.yaml`` is the law here; :class:`DutyBook` reads it, :func:`sync` mirrors it for the triggers.
Knows nothing of insured persons or cases but their ids.
"""

from engine.duties.book import ActRule, Ban, Duty, DutyBook, DutyClass, UnknownDutyError
from engine.duties.members import add_staff, let_go
from engine.duties.posts import assign_post, check_may, covers, duties_on, end_post, may_administer, sync
from engine.duties.sign_in import hash_password, reload_actor, set_password, sign_in
from engine.duties.staff import DEMO_STAFF, DemoStaff, seed_staff
from engine.duties.tables import (
    HISTORY_GUARDS,
    TRIGGERS,
    DutyConflict,
    DutyRow,
    Post,
    SameCaseConflict,
    StaffMember,
)

__all__ = [
    "DEMO_STAFF",
    "HISTORY_GUARDS",
    "TRIGGERS",
    "ActRule",
    "Ban",
    "DemoStaff",
    "Duty",
    "DutyBook",
    "DutyClass",
    "DutyConflict",
    "DutyRow",
    "Post",
    "SameCaseConflict",
    "StaffMember",
    "UnknownDutyError",
    "add_staff",
    "assign_post",
    "check_may",
    "covers",
    "duties_on",
    "end_post",
    "hash_password",
    "let_go",
    "may_administer",
    "reload_actor",
    "seed_staff",
    "set_password",
    "sign_in",
    "sync",
]
