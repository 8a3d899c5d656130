"""What machines ask: is it alive, is it ready, and how busy is it (Prometheus). No personal data."""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import migrations
from engine.store.outbox import OutboxMessage
from engine.workflow.tables import WorkflowCase, WorkflowIncident, WorkflowTask, WorkflowTimer
from web.session import office

watch = Blueprint("watch", __name__)


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "changling_requests_total",
            "Requests answered",
            ("endpoint", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "changling_request_seconds", "Seconds that an answer took", ("endpoint",), registry=self.registry
        )
        self.waiting = Gauge(
            "changling_waiting", "Rows that wait for somebody or something", ("what",), registry=self.registry
        )


@watch.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@watch.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The database answers and its tables are those of this program; 503 with the reason otherwise."""
    try:
        with office().store.reading() as session:
            session.execute(text("SELECT 1"))
        found, wanted = migrations.current(office().settings.database_url), migrations.head()
    except OperationalError:
        return jsonify(status="unready", reason="database does not answer"), 503
    if found != wanted:
        return jsonify(status="unready", reason=f"database is at migration {found}, program at {wanted}"), 503
    return jsonify(status="ready", migration=found)


@watch.get("/metrics")
def metrics() -> ResponseReturnValue:
    """The numbers in Prometheus' text form."""
    found: Metrics = current_app.extensions["changling-metrics"]
    with office().store.reading() as session:
        for what, rows in _waiting(session).items():
            found.waiting.labels(what).set(rows)
    return Response(generate_latest(found.registry), content_type=CONTENT_TYPE_LATEST)


def _waiting(session: Session) -> dict[str, int]:
    """How many rows wait, by what for."""
    now = office().clock()
    asked = {
        "cases_running": select(func.count()).where(WorkflowCase.status == "running"),
        "tasks_open": select(func.count()).where(WorkflowTask.status == "ready"),
        "tasks_overdue": select(func.count()).where(
            WorkflowTask.status == "ready", WorkflowTask.due_at < now
        ),
        "timers_due": select(func.count()).where(WorkflowTimer.due_at <= now),
        "incidents_open": select(func.count()).where(WorkflowIncident.status == "open"),
        "outbox_waiting": select(func.count()).where(OutboxMessage.sent_at.is_(None)),
    }
    return {what: session.scalar(query) or 0 for what, query in asked.items()}


def use_metrics(app: Flask) -> None:
    """Count and time every answer."""
    found = app.extensions["changling-metrics"] = Metrics()

    @app.before_request
    def start() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        found.requests.labels(endpoint, request.method, response.status_code).inc()
        found.seconds.labels(endpoint).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        return response
