"""Duties, staff, posts and agencies: who may do what, and what one person may not combine.

``processes/duties.yaml`` is the law here; :class:`DutyBook` reads it, :func:`sync` mirrors it for the triggers.
Knows nothing of insured persons or cases but their ids.
"""

from engine.duties.acting import acting_for, check_may, hands_on, own_case
from engine.duties.agency import agencies_on, end_agency, make_agency
from engine.duties.avoidance import keep_away, kept_away
from engine.duties.book import ActRule, Ban, Duty, DutyBook, DutyClass, UnknownDutyError
from engine.duties.members import add_staff, let_go
from engine.duties.posts import assign_post, covers, duties_on, end_post, held_by, may_administer, sync
from engine.duties.sign_in import hash_password, reload_actor, set_password, sign_in
from engine.duties.staff import DEMO_STAFF, DemoStaff, seed_staff
from engine.duties.tables import (
    HANDS,
    HISTORY_GUARDS,
    TRIGGERS,
    Agency,
    DutyConflict,
    DutyRow,
    Post,
    SameCaseConflict,
    StaffMember,
)

__all__ = [
    "DEMO_STAFF",
    "HANDS",
    "HISTORY_GUARDS",
    "TRIGGERS",
    "ActRule",
    "Agency",
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
    "acting_for",
    "add_staff",
    "agencies_on",
    "assign_post",
    "check_may",
    "covers",
    "duties_on",
    "end_agency",
    "end_post",
    "hands_on",
    "hash_password",
    "held_by",
    "keep_away",
    "kept_away",
    "let_go",
    "make_agency",
    "may_administer",
    "own_case",
    "reload_actor",
    "seed_staff",
    "set_password",
    "sign_in",
    "sync",
]
