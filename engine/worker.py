"""The sweep that keeps an office moving: due timers, outbox, seals. No rule and no case lives here.

Two ways to run the same sweep: a thread inside ``changling serve``, or Celery's worker and beat where
``CELERY_BROKER_URL`` names a broker. Either may die at any moment: what is due are rows in PostgreSQL,
taken with ``SKIP LOCKED``, and the next sweep finds them. A lost broker loses nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded

from engine.cases.office import Office, open_office
from engine.cases.sweep import Swept, sweep
from engine.config import Settings

log = logging.getLogger(__name__)

#: how often due timers and waiting messages are looked for
SWEEP_EVERY = timedelta(seconds=5)
#: a sweep is asked to end, and is then ended; what it had not committed the next one takes
SOFT_LIMIT_SECONDS = 90
HARD_LIMIT_SECONDS = 120

_PAUSE_AFTER_FAILURE_SECONDS_MAX = 60.0


class Sweeper(threading.Thread):
    """Sweeps one office until told to stop; a failed sweep is logged and tried again, ever later."""

    def __init__(
        self, office: Office, *, every: timedelta = SWEEP_EVERY, revive: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._office = office
        self._every = every.total_seconds()
        #: called after a failure: starts the office's own database again where that was killed
        self._revive = revive
        self._stopping = threading.Event()

    def run(self) -> None:
        """Sweep, wait, sweep; without waiting while there was something to do."""
        pause = self._every
        while not self._stopping.is_set():
            try:
                pause = self._every if sweep(self._office).idle else 0.0
            except Exception:  # whatever it is, the office must go on sweeping
                log.exception("清扫失败，稍后重试 (the sweep failed and will be tried again)")
                with suppress(Exception):  # the next sweep will say what is still wrong
                    self._revive()
                pause = min(max(pause, self._every) * 2, _PAUSE_AFTER_FAILURE_SECONDS_MAX)
            self._stopping.wait(pause)

    def stop(self, *, wait_seconds: float = 30.0) -> None:
        """End after the sweep under way."""
        self._stopping.set()
        if self.is_alive():
            self.join(wait_seconds)


def make_worker(settings: Settings, *, open_: Callable[[Settings], Office] = open_office) -> Celery:
    """The Celery application of this office: one task, ``changling.sweep``, and its schedule."""
    app = Celery("changling", broker=settings.broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_soft_time_limit=SOFT_LIMIT_SECONDS,
        task_time_limit=HARD_LIMIT_SECONDS,
        task_default_queue="changling",
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        # Redis gives an unacknowledged task to another worker after this; later than the hard limit
        broker_transport_options={"visibility_timeout": HARD_LIMIT_SECONDS * 2},
        timezone="Asia/Shanghai",
        beat_schedule={
            "sweep": {
                "task": "changling.sweep",
                "schedule": SWEEP_EVERY,
                # a tick that nobody took in time is worth nothing: the next one does its work
                "options": {"expires": SWEEP_EVERY.total_seconds()},
            }
        },
    )
    offices: dict[str, Office] = {}

    @app.task(name="changling.sweep")  # type: ignore[untyped-decorator]  # celery carries no types
    def sweep_office() -> str:
        """One sweep, repeated while there is something to do; safe to run twice or at the same time."""
        # opened in the child that works: database connections must not cross a fork
        office = offices.get("here") or offices.setdefault("here", open_(settings))
        done: list[Swept] = []
        # the next beat goes on: a long rehearsal or move is never cut off in the middle of a case
        until = time.monotonic() + SOFT_LIMIT_SECONDS / 2
        with suppress(SoftTimeLimitExceeded):
            while not done or (not done[-1].idle and time.monotonic() < until):
                done.append(sweep(office))
        return f"{len(done)} sweeps"

    return app
