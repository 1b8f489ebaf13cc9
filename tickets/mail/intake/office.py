"""All of mail that comes in as the worker runs it: the ways in, and the work on what came."""

import asyncio
from typing import Final

import structlog

from tickets.mail.imap import MailboxFetcher
from tickets.mail.intake.processing import IntakeProcessor
from tickets.mail.intake.receiving import Receiver
from tickets.mail.intake.understanding import MailReader
from tickets.mail.listener import Listener
from tickets.services.context import Context
from tickets.settings import IntakeSettings

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

# However often it is woken, and when nobody wakes it.
_PAUSE_S: Final = 0.1
_EVERY_S: Final = 30.0


class MailIntake:
    """Fetches, listens and works."""

    def __init__(self, context: Context, intake: IntakeSettings, reader: MailReader) -> None:
        """Nothing is connected and nothing listens yet."""
        self._wanted: Final = asyncio.Event()
        self.receiver: Final = Receiver(context, self.wake)
        self.processor: Final = IntakeProcessor(context, intake, reader)
        self._fetcher: Final = None if intake.imap is None else MailboxFetcher(context, intake.imap, self.receiver)
        self._listener: Final = (
            None if intake.listener is None else Listener(intake.listener, intake.addresses, self.receiver)
        )

    def wake(self) -> None:
        """Have a look at what waits soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Run until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work(), name="mail intake")
                if self._fetcher is not None:
                    group.create_task(self._fetcher.run(), name="mail fetching")
                if self._listener is not None:
                    group.create_task(self._listener.run(), name="mail listening")
        finally:
            await self.processor.close()

    async def _work(self) -> None:
        while True:
            self._wanted.clear()
            try:
                await self.processor.process_due()
            except Exception:  # noqa: BLE001 - the edge of the task: it must not end
                # What failed comes again when its lease is over.
                _log.exception("mail.intake-round-failed")
            await asyncio.sleep(_PAUSE_S)
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._wanted.wait()
            except TimeoutError:
                continue
