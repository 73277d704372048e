"""The worker and the beat: ``celery -A workers worker`` and ``celery -A workers beat``.

Beat only says "look"; what there is to do stands in PostgreSQL and is claimed there.
"""

import gc
from typing import Any

from celery import Task
from celery.schedules import schedule
from celery.signals import worker_init, worker_process_init

from app import create_app
from app.clearing.engine import warm
from app.core.queue import celery

application = create_app()
LOOK_SECONDS = 5.0
COUNT_SECONDS = 2.0


class InApplication(Task):  # type: ignore[type-arg]
    """A task that runs with the application's settings and a session of its own."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with application.app_context():
            return super().__call__(*args, **kwargs)


@worker_init.connect
def prepare(**_: Any) -> None:
    """Compile the engine once, before the processes of the worker are forked."""
    warm()


@worker_process_init.connect
def settle_in(**_: Any) -> None:
    """A round makes tens of thousands of objects that all live to its end, and looking through
    them for garbage again and again would take a third of its time."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)


celery.Task = InApplication  # type: ignore[misc]
celery.conf.imports = (
    "workers.analytics",
    "workers.clearing",
    "workers.disruption",
    "workers.housekeeping",
    "workers.imports",
    "workers.notifications",
    "workers.settlement",
    "workers.webhooks",
)
celery.conf.beat_schedule = {
    task: {"task": task, "schedule": schedule(seconds), "options": {"expires": seconds}}
    for task, seconds in {
        "workers.analytics.count_again": COUNT_SECONDS,
        "workers.analytics.measure_rounds": 30.0,
        "workers.clearing.look_for_rounds": LOOK_SECONDS,
        "workers.disruption.look": LOOK_SECONDS,
        "workers.imports.look_for_imports": LOOK_SECONDS,
        "workers.notifications.relay_outbox": LOOK_SECONDS,
        "workers.notifications.send_mail": LOOK_SECONDS,
        "workers.notifications.send_sms": LOOK_SECONDS,
        "workers.notifications.send_zalo": LOOK_SECONDS,
        "workers.notifications.send_digests": 60.0,
        "workers.notifications.remind": 60.0,
        "workers.webhooks.send_webhooks": LOOK_SECONDS,
        "workers.housekeeping.expire": 30.0,
        "workers.housekeeping.keep_contracts": 60.0,
        "workers.housekeeping.forget_old_answers": 3600.0,
        "workers.settlement.finalise": 30.0,
        "workers.settlement.tell_overdue": 600.0,
        "workers.settlement.close_month": 3600.0,
    }.items()
}
