"""Logs: one JSON object a line, on standard error, without the values of local variables."""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class Undisturbed:
    """A stream whose loss (a supervisor that has gone) is no reason for a request to fail."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure() -> None:
    """Set up logging for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, Undisturbed())),
    )


def quieten() -> None:
    """Keep this process's log to warnings, where the screen belongs to something else."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
