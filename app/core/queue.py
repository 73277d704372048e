"""The work queue, seen from the side that puts work in.

Valkey holds nothing that cannot be rebuilt: every piece of work is a row in PostgreSQL, and a
message on the queue only says "look". Losing one costs seconds, never the work.
"""

from typing import Any

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = structlog.get_logger()

celery = Celery("blao")
celery.conf.update(
    task_ignore_result=True,
    task_default_queue="blao",
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    task_time_limit=900,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "health_check_interval": 10,
        # Whoever is answered meanwhile must not wait; workers have a rule of their own above.
        "max_retries": 0,
    },
    timezone="Asia/Ho_Chi_Minh",
)


def configure(redis_url: str) -> None:
    """Point the queue at its broker."""
    celery.conf.update(broker_url=redis_url)


def nudge(task: str, **arguments: Any) -> None:
    """Ask a worker to run ``task`` now. A broker that is away is logged and otherwise ignored."""
    try:
        celery.send_task(task, kwargs=arguments, retry=False, ignore_result=True)
    except (OperationalError, RedisError) as fault:
        log.warning("nudge_lost", task=task, reason=str(fault))
