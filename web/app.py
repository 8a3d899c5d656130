"""The web application: one Flask app around one open office. Started by ``changling serve``."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import IntegerConverter, Map

from engine.cases.office import Office
from web import (
    actions,
    adjustments,
    agencies,
    api,
    books,
    calendars,
    complaints,
    contacts,
    control,
    control_records,
    death_grants,
    employer_rosters,
    exchange,
    exchange_door,
    files,
    guides,
    hand_entries,
    hits,
    imports,
    inbox,
    inbox_bulk,
    monitoring,
    month_runs,
    operations,
    papers,
    payments,
    phrases,
    portal,
    prices,
    rating_doors,
    ratings,
    reconciling,
    recoveries,
    rectification,
    reductions,
    refund_employer,
    refund_public,
    refund_trials,
    refunds,
    rosters,
    screenings,
    skills,
    staff,
    starts,
    studio,
    studio_editor,
    studio_moves,
    studio_tests,
    studio_try,
    suspicion,
    tasks,
    transfers,
    watch,
    welcome,
    work_plans,
)
from web.assets import use_assets
from web.bar_lines import use_bars
from web.display import use_display
from web.errors import use_errors
from web.headers import use_headers
from web.language import use_languages
from web.session import use_sessions

PAGES = (
    welcome.welcome,
    inbox.inbox,
    inbox_bulk.inbox_bulk,
    tasks.tasks,
    actions.actions,
    files.cases,
    papers.papers,
    payments.payments,
    month_runs.month_runs,
    refund_trials.pages,
    rosters.roster_pages,
    screenings.pages,
    employer_rosters.pages,
    refunds.pages,
    refund_public.pages,
    refund_employer.pages,
    transfers.pages,
    exchange.pages,
    hits.pages,
    suspicion.pages,
    rectification.pages,
    work_plans.pages,
    books.pages,
    reconciling.pages,
    adjustments.pages,
    hand_entries.pages,
    recoveries.recovery_pages,
    portal.portal,
    starts.starts,
    death_grants.pages,
    prices.pages,
    skills.pages,
    reductions.pages,
    staff.staff_pages,
    agencies.agency_pages,
    phrases.phrase_pages,
    calendars.calendar_pages,
    control.pages,
    control_records.pages,
    exchange_door.exchange_door,
    imports.import_pages,
    monitoring.pages,
    operations.pages,
    studio.studio,
    studio_editor.editor,
    studio_moves.moves,
    studio_try.studio_try,
    studio_tests.studio_tests,
    watch.watch,
    guides.pages,
    ratings.pages,
    rating_doors.pages,
    complaints.pages,
    contacts.pages,
)
UPLOAD_BYTES_MAX = 8 * 1024 * 1024
FORM_BYTES_MAX = 64 * 1024


class RowNumber(IntegerConverter):
    """A number in an address that a row may have; a page with a greater one is not found, rather than asked for."""

    def __init__(self, map: Map, *args: Any, **settings: Any) -> None:
        super().__init__(map, *args, **{"max": 2**31 - 1, **settings})


def create_app(office: Office) -> Flask:
    """The application that serves this office; it opens and closes nothing itself."""
    app = Flask(__name__, static_folder=None)
    app.extensions["changling"] = office
    app.url_map.converters["int"] = RowNumber
    # a paper comes with the other fields of its form
    paper_bytes = office.settings.attachment_bytes_max + FORM_BYTES_MAX
    app.config.update(MAX_CONTENT_LENGTH=max(UPLOAD_BYTES_MAX, paper_bytes), WTF_CSRF_TIME_LIMIT=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    watch.use_metrics(app)
    use_sessions(app, office)
    csrf = CSRFProtect(app)
    use_languages(app)
    use_assets(app)
    use_display(app)
    use_bars(app)
    use_headers(app, production=office.settings.production)
    csrf.exempt(exchange_door.exchange_door)
    for pages in PAGES:
        app.register_blueprint(pages)
    api.use_api(app, csrf)
    use_errors(app)  # last: the API library would answer every page's error in its own form
    return app
