"""Every security check, and the test that goes red when it is switched off.

A mutant replaces one piece of source text, which must occur exactly once, and names the test that must fail for it. A
check without a mutant is a check that somebody can delete without being told.
"""

from tests.mutants import (
    agent,
    browser,
    conversation,
    finding,
    intake,
    knowledge,
    limits,
    mail,
    pages,
    protocol,
    reading,
    relay,
    spreading,
    tickets,
    viewer,
)
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *protocol.MUTANTS,
    *relay.MUTANTS,
    *tickets.MUTANTS,
    *finding.MUTANTS,
    *limits.MUTANTS,
    *mail.MUTANTS,
    *intake.MUTANTS,
    *conversation.MUTANTS,
    *reading.MUTANTS,
    *pages.MUTANTS,
    *knowledge.MUTANTS,
    *spreading.MUTANTS,
    *agent.MUTANTS,
    *viewer.MUTANTS,
    *browser.MUTANTS,
)
