"""Logs of both processes: one line an event, readable on a terminal, JSON elsewhere."""

import asyncio
import logging
import sys

import structlog


def _not_a_cancelled_task(record: logging.LogRecord) -> bool:
    # uvicorn calls a request that is cut off at the server's stop an error of the application.
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def configure_logs(process: str) -> None:
    """Send structlog's and the standard library's logs to standard error; `process` is named in every line."""
    terminal = sys.stderr.isatty()
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Plain: the other formatters print the values of variables, and those may be secret.
    last: list[structlog.types.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.addFilter(_not_a_cancelled_task)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # Every upgrade and every broken request would be a line; the relay says itself what matters.
    for noisy in ("uvicorn.error", "uvicorn.access", "httpx", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR if noisy == "uvicorn.error" else logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)
