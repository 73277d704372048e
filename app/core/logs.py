"""Logs: one JSON object a line, on standard error, without the values of local variables."""

import logging
import sys

import structlog


def configure() -> None:
    """Set up logging for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def quieten() -> None:
    """Keep this process's log to warnings, where the screen belongs to something else."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
