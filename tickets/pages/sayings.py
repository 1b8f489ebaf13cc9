"""What stands in finished sentences without being found there: single words, and sentences put together of several."""

from typing import Final

from tickets.pages.language import N_

WORDS: Final = (
    # Statuses, priorities and answers, as sentences have them.
    N_("new"), N_("open"), N_("waiting"), N_("resolved"), N_("closed"), N_("low"), N_("normal"), N_("high"),
    N_("critical"), N_("suspended"), N_("ignored"), N_("done"), N_("followed up"), N_("technician"), N_("admin"),
    # What there is none of, or one of already.
    N_("page"), N_("article"), N_("revision"), N_("replacement"), N_("session"), N_("token"), N_("mail"), N_("address"),
    N_("watcher"), N_("link"), N_("draft"), N_("view"), N_("asset"), N_("field"), N_("import"), N_("message"),
    N_("file"), N_("table"), N_("webhook"), N_("phone"), N_("person"), N_("absence"), N_("category"), N_("team"),
    N_("rule"), N_("target"), N_("calendar"), N_("its team"),
    # What is awaited, and what a technician may.
    N_("the first answer"), N_("the next answer"), N_("the solution"), N_("look"), N_("control"),
    N_("look and control"),
)  # fmt: skip
SENTENCES: Final = (
    N_("{requester}’s computer: {told}"),
    N_("{technician} may {may}."),
    N_("no to {technician}. Nobody was asked: the consent given beforehand does not cover this."),
    N_("the user said no to {technician}."),
    N_("the user did not answer {technician}, which counts as no."),
    N_("{name} took this request over from {assignee_name} for {name2}."),
    N_("{name} took this request over from {assignee_name}."),
    N_("{name} spent {minutes} minutes on this."),
    N_("{name} spent {minutes} minute on this."),
    N_("{name} spent {minutes} minutes on this: {label}"),
    N_("{name} spent {minutes} minute on this: {label}"),
    N_("Nobody of {team_name} can be given this request now; everybody was told."),
    N_("Nobody can be given this request now; everybody was told."),
    N_("Several assets have that. Write its inventory number."),
    N_("No asset has that. Write its inventory number."),
    N_("Revision {number} again"),
    N_("Made of {tracking}"),
    N_("{address} put back"),
    N_("Added: {title}"),
    N_("who asked, by name"),
    N_("their e-mail address"),
    N_("the tracking number"),
    N_("the problem in one line"),
    N_("what it is about"),
    N_("your own name"),
    N_("the help desk's name"),
    N_("High and critical"),
    N_("Older than a week"),
    N_("Solved lately"),
    N_("Somebody"),
    N_("write an e-mail address, like name@example.org."),
)
