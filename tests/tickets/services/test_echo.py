"""What another process writes reaches the open pages of this one."""

from tests.tickets.world import QUICK, World
from tickets.app import build_context
from tickets.domain.access import ANONYMOUS
from tickets.domain.values import Asset, Channel, Urgency
from tickets.domain.views import NewTicket
from tickets.ports import SilentSwitchboard
from tickets.services.echo import Echo
from tickets.services.hub import Changed
from tickets.services.tickets import TicketService

NEW = NewTicket(
    category="Printing",
    title="Jammed",
    description="Paper everywhere.",
    urgency=Urgency.NORMAL,
    asset=Asset.HARDWARE,
    email="maria@office.example",
)


async def test_a_ticket_that_another_process_wrote_is_told_once(world: World) -> None:
    """And what stood there before the first look is not told at all."""
    await world.ticket()
    context = world.desk._context
    echo = Echo(context)
    await echo.listen()
    elsewhere = build_context(world.settings, switchboard=SilentSwitchboard(), clock=world.clock, passwords=QUICK)
    try:
        filed = await TicketService(elsewhere).submit(ANONYMOUS, NEW, channel=Channel.API, address="192.0.2.1")
    finally:
        await elsewhere.database.close()
    with context.hub.subscribed("login") as page:
        await echo.listen()
        await echo.listen()
        page.close()
        assert [event async for event in page.events()] == [
            Changed("ticket", filed.tracking),
            Changed("queue", filed.tracking),
        ]
