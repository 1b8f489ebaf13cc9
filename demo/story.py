"""The story played without a person: a real browser for both people, a terminal for the consent, screenshots."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from demo.desktop import Desktop
from demo.help_desk import HelpDesk
from demo.mailbox import Mailbox
from demo.processes import command
from demo.pseudo_terminal import PseudoTerminal
from demo.stages import Stages
from tests.support.browser import CHROMIUM_ARGUMENTS, chromium
from tests.support.display import wait_until

TITLE = "Mail program asks for my password again and again"
TYPED = "echo grüße von Tess > from-tess.txt"
# The canvas has its size, more than one colour stands on it, and the browser has drawn it.
PICTURE_IS_SHOWN = """async () => {
  const canvas = document.querySelector("canvas");
  if (canvas === null || canvas.getBoundingClientRect().width < 600) return false;
  const { data } = await window.towline.snapshot();
  if (new Set(new Uint32Array(data)).size < 100) return false;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return true;
}"""
MAX = "max@example.com"
MAILED = "Project folder is gone"
SOLUTION = "An old password was stored. I deleted it and typed the new one once; mail arrives again."


def _whole(page: Page) -> Callable[[Path], None]:
    return lambda path: void(page.screenshot(path=path, full_page=True))


def _seen(page: Page) -> Callable[[Path], None]:
    return lambda path: void(page.screenshot(path=path))


def void(_: object) -> None:
    """Screenshots are returned as well as written; nobody needs them twice."""


class Story:
    """Uma asks for help, Tess helps her."""

    def __init__(self, desk: HelpDesk, desktop: Desktop, mailbox: Mailbox, folder: Path, stages: Stages) -> None:
        self._desk = desk
        self._desktop = desktop
        self._mailbox = mailbox
        self._folder = folder
        self._stages = stages
        self._closing = ExitStack()

    def play(self) -> None:
        """Play all of it. Raises whatever stage fails."""
        with sync_playwright() as playwright, self._closing:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
            self._closing.callback(browser.close)
            user = self._page(browser, 900)
            self._answered_by_an_article(browser)
            link = self._ask_for_help(user)
            self._confirmed(browser, link)
            technician = self._page(browser, 1_000)
            self._take(technician)
            agent = self._join(link, technician)
            self._connect(technician, agent)
            self._work(technician)
            self._end(technician, agent)
            self._resolve(technician)
            self._see_the_solution(user)
            self._solution_by_mail(browser)
            self._by_mail_alone(browser, technician)
            self._on_a_phone(browser, link)

    def _page(self, browser: Browser, height: int) -> Page:
        page = browser.new_context(viewport={"width": 1_360, "height": height}, locale="en-GB").new_page()
        page.set_default_timeout(20_000)
        return page

    def _answered_by_an_article(self, browser: Browser) -> None:
        page = self._page(browser, 900)
        with self._stages.stage("Pia's question is answered by an article before she asks", _whole(page)):
            page.goto(self._desk.url)
            page.get_by_label("The problem in one line").press_sequentially("blank pages from the printer")
            found = page.locator("#title-suggestions")
            expect(found.get_by_role("link", name="The printer prints blank pages")).to_be_visible()
            found.get_by_role("button", name="This solved it").first.click()
            expect(found).to_contain_text("nothing has to be sent")
        page.context.close()

    def _by_mail_alone(self, browser: Browser, technician: Page) -> None:
        """A request that comes by mail, answers in both directions, the solution, and a mail that opens it again."""
        mailbox = self._page(browser, 900)
        with self._stages.stage("Max writes a mail to the help desk; it is confirmed with a number", _whole(mailbox)):
            mailbox.goto(f"{self._mailbox.url}/{MAX}")
            mailbox.get_by_text("Write to the help desk").click()
            mailbox.get_by_label("Subject").fill(MAILED)
            mailbox.get_by_label("Text").fill("The folder of our project is gone since yesterday.")
            mailbox.get_by_role("button", name="Send mail").click()
            self._mail(mailbox, MAX, "we have your request")
        with self._stages.stage("Tess takes it from the queue and answers", _whole(technician)):
            technician.goto(f"{self._desk.url}/console?view=unassigned")
            technician.get_by_role("link", name=MAILED).first.click()
            technician.get_by_role("button", name="Take it").click()
            technician.get_by_label("Write", exact=True).fill("Which folder is it?")
            technician.get_by_role("button", name="Send", exact=True).click()
            expect(technician.locator("main")).to_contain_text("Which folder is it?")
        with self._stages.stage(
            "Max answers from his mailbox; it stands on the ticket, without the quote", _whole(technician)
        ):
            self._answer(mailbox, "Which folder is it?", "It is the folder Projects.")
            expect(technician.locator("main")).to_contain_text("It is the folder Projects.")
        with self._stages.stage("Tess solves it; Max says thank you, and that it is gone again", _whole(technician)):
            technician.get_by_text("Solved? Write down the solution").click()
            technician.get_by_label("What solved it").fill("I have restored the folder from last night.")
            technician.get_by_role("button", name="Mark as solved").click()
            self._answer(mailbox, "I have restored the folder", "Thank you! But now it is gone again.")
            expect(technician.locator("main")).to_contain_text("now it is gone again")
            expect(technician.locator("main")).to_contain_text("In progress")
        mailbox.context.close()

    def _answer(self, page: Page, about: str, text: str) -> None:
        """Answer the newest mail of a mailbox that says `about`."""

        def is_there() -> bool:
            page.goto(f"{self._mailbox.url}/{MAX}")
            return about in (page.locator("iframe").first.get_attribute("srcdoc") or "")

        wait_until(is_there, f"a mail that says '{about}'")
        newest = page.locator("article").first
        newest.get_by_text("Answer", exact=True).click()
        newest.get_by_label("Your answer").fill(text)
        newest.get_by_role("button", name="Send answer").click()
        expect(page.get_by_role("status")).to_be_visible()

    def _ask_for_help(self, page: Page) -> str:
        with self._stages.stage("Uma opens the portal and sees possible answers while typing", _whole(page)):
            page.goto(self._desk.url)
            page.get_by_label("What is it about?").select_option("E-mail and calendar")
            page.get_by_label("The problem in one line").press_sequentially(TITLE)
            expect(page.locator("#title-suggestions")).to_contain_text("again and again")
            page.get_by_label("What happens, and what should happen?").fill("A window asks for it every minute.")
            page.get_by_label("Urgent").check()
            page.get_by_label("Program").check()
            page.get_by_label("Your e-mail").fill("uma@example.com")
            page.get_by_label("Your name").fill("Uma User")
        with self._stages.stage("Uma sends it and gets a tracking number", _whole(page)):
            page.get_by_role("button", name="Send the request").click()
            expect(page.locator("#number")).to_be_visible()
        return page.locator("#link").inner_text()

    def _mail(self, page: Page, whose: str, subject: str) -> FrameLocator:
        """Load a mailbox until a mail is there, and return its inside."""

        def is_there() -> bool:
            page.goto(f"{self._mailbox.url}/{whose}")
            return page.locator(f"iframe[title*='{subject}']").count() == 1

        wait_until(is_there, f"the mail '{subject}'")
        return page.frame_locator(f"iframe[title*='{subject}']")

    def _confirmed(self, browser: Browser, link: str) -> None:
        page = self._page(browser, 900)
        with self._stages.stage("Uma has the confirmation in her mailbox", _whole(page)):
            mail = self._mail(page, "uma@example.com", "we have your request")
            expect(mail.get_by_role("link", name="Open my request")).to_have_attribute("href", link)
        page.context.close()

    def _solution_by_mail(self, browser: Browser) -> None:
        page = self._page(browser, 900)
        with self._stages.stage("The solution is in Uma's mailbox, too", _whole(page)):
            expect(self._mail(page, "uma@example.com", "solved").locator("body")).to_contain_text(SOLUTION)
        page.context.close()

    def _take(self, page: Page) -> None:
        with self._stages.stage("Tess logs in", _whole(page)):
            page.goto(f"{self._desk.url}/console")
            page.get_by_label("E-mail").fill(self._desk.technician.email)
            page.get_by_label("Password").fill(self._desk.technician.password)
            page.get_by_role("button", name="Log in").click()
            expect(page.get_by_role("heading", name="Queue")).to_be_visible()
        with self._stages.stage("Tess sees what nobody has yet", _whole(page)):
            page.goto(f"{self._desk.url}/console?view=unassigned")
            expect(page.get_by_role("link", name=TITLE).first).to_be_visible()
        with self._stages.stage("Tess opens the request and takes it; articles stand beside it unasked", _whole(page)):
            page.get_by_role("link", name=TITLE).first.click()
            page.get_by_role("button", name="Take it").click()
            expect(page.get_by_role("heading", name="Who has it").locator("..")).to_contain_text("You")
            expect(page.locator("main")).to_contain_text("The mail program asks for the password again and again")

    def _join(self, link: str, page: Page) -> PseudoTerminal:
        with self._stages.stage("Uma's agent joins; the ticket's page says so by itself", _whole(page)):
            agent = PseudoTerminal(
                [command("towline-agent"), "join", link, "--display", self._desktop.display],
                environment={"TOWLINE_STATE": str(self._folder / "agent")},
            )
            self._closing.callback(agent.stop)
            expect(page.get_by_role("link", name="Connect", exact=True)).to_be_visible()
        return agent

    def _connect(self, page: Page, agent: PseudoTerminal) -> None:
        with self._stages.stage("Tess clicks Connect; Uma is asked", _seen(page)):
            page.get_by_role("link", name="Connect", exact=True).click()
            agent.wait_for("Tess Technician")
            expect(page.locator("body")).to_have_attribute("data-state", "asking")
        with self._stages.stage("Uma says yes; Tess sees her desktop", _seen(page)):
            agent.type_line("c")
            expect(page.locator("body")).to_have_attribute("data-state", "live")
            page.wait_for_function(PICTURE_IS_SHOWN)

    def _work(self, page: Page) -> None:
        note = self._folder / "home" / "from-tess.txt"
        with self._stages.stage("Tess types into the terminal on Uma's desktop", _seen(page)):
            screen = page.locator("canvas")
            box = screen.bounding_box()
            if box is None:
                raise RuntimeError("the viewer shows no screen")
            # The terminal of the demo's desktop is at its left.
            screen.click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.3})
            # The window manager gives the terminal the keyboard a moment after the click.
            wait_until(lambda: self._desktop.has_focus("Terminal"), "the terminal to have the keyboard")
            page.keyboard.type(TYPED + "\n", delay=15)
            wait_until(lambda: note.exists() and note.read_text(encoding="utf-8") == "grüße von Tess\n", "the file")

    def _end(self, page: Page, agent: PseudoTerminal) -> None:
        with self._stages.stage("Tess ends the session; Uma's agent says so", _seen(page)):
            page.get_by_role("button", name="End session").click()
            expect(page.locator("body")).to_have_attribute("data-state", "ended-by-me")
            agent.wait_for("ended")

    def _resolve(self, page: Page) -> None:
        with self._stages.stage("Tess writes down the solution", _whole(page)):
            page.get_by_role("link", name="solution").click()
            page.get_by_label("What solved it").fill(SOLUTION)
            page.get_by_role("button", name="Mark as solved").click()
            expect(page.locator("main")).to_contain_text(SOLUTION)

    def _see_the_solution(self, page: Page) -> None:
        with self._stages.stage("Uma reads the solution on her request's page", _whole(page)):
            page.get_by_role("link", name="Open my request").click()
            expect(page.locator("[data-solution]")).to_have_text(SOLUTION)

    def _on_a_phone(self, browser: Browser, link: str) -> None:
        phone = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark").new_page()
        with self._stages.stage("The same on a phone, in the dark", _whole(phone)):
            phone.goto(link)
            expect(phone.locator("[data-solution]")).to_have_text(SOLUTION)


def play(desk: HelpDesk, desktop: Desktop, mailbox: Mailbox, folder: Path, stages: Stages) -> float:
    """Play the story and return the seconds it took."""
    began = time.monotonic()
    Story(desk, desktop, mailbox, folder, stages).play()
    return time.monotonic() - began
