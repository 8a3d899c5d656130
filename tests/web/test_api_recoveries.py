"""The API of recoveries: a repayment is booked once for one key, a rest is given up by two, each with its reasons."""

from __future__ import annotations

from datetime import date
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from test_api import signed_in
from visitors import PASSWORD, STAFF, program

from engine.benefits.recovery_tables import Overpayment
from engine.cases.office import Office
from engine.cases.recovery_lists import RecoveryView, recovery_view
from engine.cases.recovery_openers import open_recovery
from engine.cases.staff import sign_in, sign_in_person
from engine.registers.cast import PEOPLE
from engine.values import Refusal
