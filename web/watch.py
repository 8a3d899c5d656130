"""What machines ask: is it alive, is it ready, and how busy is it (Prometheus). No personal data."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

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
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from engine import migrations
from engine.cases import operations
from web.session import office

watch = Blueprint("watch", __name__)

#: a broker that takes longer does not answer
_BROKER_SECONDS = 2.0


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
    """Database, tables, this year's calendar and the broker are as they must be; 503 with the reason otherwise."""
    try:
        with office().store.reading() as session:
            session.execute(text("SELECT 1"))
        found, wanted = migrations.current(office().settings.database_url), migrations.head()
    except OperationalError:
        return jsonify(status="unready", reason="database does not answer"), 503
    if found != wanted:
        return jsonify(status="unready", reason=f"database is at migration {found}, program at {wanted}"), 503
    if operations.missing_years(office()):
        year = operations.missing_years(office())[0]
        return jsonify(status="unready", reason=f"no working calendar for {year}"), 503
    if not _broker_answers(office().settings.broker_url):
        return jsonify(status="unready", reason="broker does not answer"), 503
    return jsonify(status="ready", migration=found)


def _broker_answers(address: str) -> bool:
    """Whether the broker takes connections; none need answer where none is configured."""
    parts = urlsplit(address)
    if not parts.hostname:
        return True
    try:
        with socket.create_connection((parts.hostname, parts.port or 6379), timeout=_BROKER_SECONDS):
            return True
    except OSError:
        return False


@watch.get("/metrics")
def metrics() -> ResponseReturnValue:
    """The numbers in Prometheus' text form."""
    found: Metrics = current_app.extensions["changling-metrics"]
    for what, rows in operations.counts(office()).items():
        found.waiting.labels(what).set(rows)
    return Response(generate_latest(found.registry), content_type=CONTENT_TYPE_LATEST)


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
