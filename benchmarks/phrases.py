"""Texts like those of an office's help desk, German and English, put together by a seeded generator."""

import random
from dataclasses import dataclass
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GERMAN: Final = "de"
ENGLISH: Final = "en"

FIRST_NAMES: Final = _words(
    """Maria Jürgen Ayşe Thomas Sabine Klaus Lena Björn Ingrid Peter Zoë Günther Petra Stefan Renée Michael Ömer
    Claudia Andreas Birgit José Martina Wolfgang Nadia Sven Katrin Ulrich Anja Dieter Emily Oliver Sophie Jack Amelia
    Harry Grace George Chloë Liam Hannah Noah Fatima Ivan Olga Marek Agnieszka Søren Astrid Luca Giulia"""
)
LAST_NAMES: Final = _words(
    """Weber Müller Schmidt Fischer Öztürk Krüger Meier Schäfer Hoffmann Koch Richter Klein Wolf Schröder Neumann
    Schwarz Zimmermann Braun Hofmann Köhler Lange Krause Großmann Vogel Jansen Bäcker Weiß Kühn Sommer Winter Smith
    Jones Taylor Brown Williams Davies Evans Roberts Walker Wright Thompson Green Hughes Edwards Novak Kowalski Rossi
    Ferrari Nielsen Andersson García Fernández Dubois Lefèvre Popescu Horváth"""
)
PLACES: Final = _words(
    """Berlin Hamburg Köln München Nürnberg Görlitz Lübeck Leipzig Graz Zürich Basel Bristol Leeds York Oxford Lyon
    Gdańsk Brno Malmö Århus"""
)
ROOMS: Final = ("Besprechungsraum", "Empfang", "Lager", "Buchhaltung", "Personalbüro", "Konferenzraum", "Werkstatt")
ENGLISH_ROOMS: Final = ("meeting room", "reception", "warehouse", "accounting", "HR office", "board room", "workshop")
MODELS: Final = tuple(
    f"{maker} {line} {number}"
    for maker, line in (
        ("Lexmark", "MX"),
        ("Kyocera", "TASKalfa"),
        ("Brother", "HL-L"),
        ("Dell", "Latitude"),
        ("Lenovo", "ThinkPad T"),
        ("Fujitsu", "Lifebook U"),
        ("Zebra", "ZD"),
        ("Eizo", "FlexScan EV"),
        ("Jabra", "Evolve"),
        ("Synology", "DS"),
    )
    for number in (14, 220, 421, 480, 723, 920, 2310, 2552, 3560, 5440)
)
PROGRAMS: Final = _words(
    """Outlook Thunderbird Excel Word LibreOffice SAP DATEV Lexware Firefox Chrome Teams Zoom Nextcloud AutoCAD
    Photoshop Acrobat OneNote SharePoint Jira Confluence KeePass 7-Zip VLC PuTTY TeamSpeak Odoo Sage Elster"""
)
CATEGORIES: Final = (
    "Computer",
    "Programs",
    "E-mail and calendar",
    "Internet and network",
    "Login and passwords",
    "Printing and scanning",
    "Telephone",
    "Files and shared folders",
    "Something else",
)

_TITLES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    GERMAN: {
        "Computer": (
            "{model} startet nicht mehr",
            "Bildschirm am {model} flackert",
            "Rechner {host} sehr langsam nach dem Update",
            "Bluescreen mit Fehler {code} auf {host}",
            "Neuer Arbeitsplatz in {place} einrichten",
            "Akku vom {model} lädt nicht",
        ),
        "Programs": (
            "{program} stürzt beim Öffnen ab",
            "{program} meldet Fehler {code}",
            "Lizenz für {program} abgelaufen",
            "{program} auf {host} installieren",
            "Makros in {program} gesperrt",
        ),
        "E-mail and calendar": (
            "E-Mails kommen nicht an, Fehler {code}",
            "Postfach voll, {program} sendet nicht",
            "Kalender von {name} nicht sichtbar",
            "Abwesenheitsnotiz lässt sich nicht ausschalten",
            "Anhänge werden in {program} nicht angezeigt",
        ),
        "Internet and network": (
            "Kein WLAN im {room} {place}",
            "VPN bricht alle {number} Minuten ab",
            "Netzwerkdose {number} ohne Verbindung",
            "Internet in {place} sehr langsam",
            "Server {host} nicht erreichbar",
        ),
        "Login and passwords": (
            "Passwort vergessen, Konto {name} gesperrt",
            "Anmeldung an {program} schlägt fehl ({code})",
            "Zweiter Faktor: neues Telefon",
            "Zugangsdaten für {program} benötigt",
        ),
        "Printing and scanning": (
            "Drucker {model} druckt leere Seiten",
            "Papierstau am {model} im {room}",
            "Scannen in den Ordner von {name} geht nicht",
            "Druckertreiber für {model} fehlt auf {host}",
            "Toner für {model} bestellen",
        ),
        "Telephone": (
            "Headset {model} wird nicht erkannt",
            "Anrufe auf Durchwahl {number} brechen ab",
            "Rufumleitung zu {name} einrichten",
            "Kein Ton in {program}",
        ),
        "Files and shared folders": (
            "Kein Zugriff auf Laufwerk {letter}: in {place}",
            "Datei von {name} versehentlich gelöscht",
            "Freigabe auf {host} voll",
            "Berechtigung für Ordner {program} {number} fehlt",
        ),
        "Something else": (
            "Frage zu {program}",
            "Leihgerät {model} für Messe in {place}",
            "Umzug {room} nach {place}",
            "Bestellung: {model}",
        ),
    },
    ENGLISH: {
        "Computer": (
            "{model} does not start any more",
            "Screen of the {model} flickers",
            "{host} is very slow since the update",
            "Blue screen with error {code} on {host}",
            "New workplace in {place}",
            "Battery of the {model} does not charge",
        ),
        "Programs": (
            "{program} crashes when it opens",
            "{program} shows error {code}",
            "Licence for {program} has expired",
            "Please install {program} on {host}",
            "Macros are blocked in {program}",
        ),
        "E-mail and calendar": (
            "E-mails do not arrive, error {code}",
            "Mailbox full, {program} sends nothing",
            "Calendar of {name} is not visible",
            "Out of office reply can't be switched off",
            "Attachments are missing in {program}",
        ),
        "Internet and network": (
            "No wireless in the {room} in {place}",
            "VPN drops every {number} minutes",
            "Network socket {number} is dead",
            "Internet in {place} is very slow",
            "Server {host} can't be reached",
        ),
        "Login and passwords": (
            "Forgot my password, account {name} locked",
            "Login to {program} fails ({code})",
            "Second factor: new phone",
            "Need an account for {program}",
        ),
        "Printing and scanning": (
            "Printer {model} prints blank pages",
            "Paper jam in the {model} in the {room}",
            "Scanning to the folder of {name} fails",
            "Driver for {model} missing on {host}",
            "Order toner for {model}",
        ),
        "Telephone": (
            "Headset {model} is not recognised",
            "Calls to extension {number} are cut off",
            "Forward calls to {name}",
            "No sound in {program}",
        ),
        "Files and shared folders": (
            "No access to drive {letter}: in {place}",
            "Deleted a file of {name} by mistake",
            "Share on {host} is full",
            "Permission for folder {program} {number} missing",
        ),
        "Something else": (
            "Question about {program}",
            "Loan {model} for the fair in {place}",
            "Moving the {room} to {place}",
            "Order: {model}",
        ),
    },
}
_SAID: Final[dict[str, tuple[str, ...]]] = {
    GERMAN: (
        "Seit heute Morgen geht das nicht mehr.",
        "Gestern lief {program} noch ohne Probleme.",
        "Auf {host} erscheint die Meldung {code}.",
        "Ein Neustart hat nicht geholfen.",
        "Die Kollegin {name} hat das gleiche Problem.",
        "Wir brauchen das bis Freitag für den Monatsabschluss.",
        "Das betrifft den {room} in {place}.",
        "Das Gerät ist ein {model}, Inventarnummer {number}.",
        "Ich habe das Kabel schon getauscht.",
        "Unter {address} kommt keine Antwort.",
        "Können Sie bitte heute noch nachsehen?",
        "Nach dem Abmelden und Anmelden ist es wieder da.",
        "Der Fehler tritt ungefähr alle {number} Minuten auf.",
        "Ich bin unter der Durchwahl {number} erreichbar.",
        "Vielen Dank und freundliche Grüße",
    ),
    ENGLISH: (
        "It stopped working this morning.",
        "Yesterday {program} was still fine.",
        "On {host} it says {code}.",
        "A restart did not help.",
        "My colleague {name} has the same problem.",
        "We need this by Friday for the end of the month.",
        "This is about the {room} in {place}.",
        "The device is a {model}, inventory number {number}.",
        "I have already changed the cable.",
        "Nothing answers at {address}.",
        "Could you please have a look today?",
        "After logging out and in again it is back.",
        "The error comes about every {number} minutes.",
        "You can reach me on extension {number}.",
        "Many thanks and kind regards",
    ),
}
_ANSWERED: Final[dict[str, tuple[str, ...]]] = {
    GERMAN: (
        "Ich habe den Treiber für {model} neu installiert.",
        "Bitte starten Sie {program} einmal neu.",
        "Der Dienst auf {host} hing und läuft wieder.",
        "Können Sie mir die genaue Fehlermeldung schicken?",
        "Das Zertifikat war abgelaufen und ist jetzt erneuert.",
        "Ich schaue mir das heute Nachmittag an.",
        "Im Cache von {program} war ein beschädigter Eintrag, Fehler {code}.",
        "Die Berechtigung ist eingetragen, bitte einmal ab- und anmelden.",
        "Ersatz für {model} ist bestellt, Lieferung nach {place}.",
        "Die Netzwerkkarte in {host} wurde getauscht.",
    ),
    ENGLISH: (
        "I have installed the driver for {model} again.",
        "Please start {program} once more.",
        "The service on {host} hung and is running again.",
        "Could you send me the exact error message?",
        "The certificate had expired and is renewed now.",
        "I will look at it this afternoon.",
        "The cache of {program} held a damaged entry, error {code}.",
        "The permission is set, please log out and in once.",
        "A new {model} is on order, delivery to {place}.",
        "The network card in {host} was replaced.",
    ),
}
_HOW: Final[dict[str, tuple[str, ...]]] = {
    GERMAN: (
        "Öffnen Sie die Einstellungen von {program} und wählen Sie **Konto {number}**.",
        "Melden Sie sich an `{host}` an und prüfen Sie den Dienst.",
        "Erscheint der Fehler `{code}`, leeren Sie zuerst den Cache.",
        "Am {model} die Taste {number} fünf Sekunden lang drücken.",
        "Hilft das nicht, wenden Sie sich an den Support in {place}.",
        "Die Adresse `{address}` muss erreichbar sein.",
    ),
    ENGLISH: (
        "Open the settings of {program} and choose **account {number}**.",
        "Log in to `{host}` and check the service.",
        "When error `{code}` appears, empty the cache first.",
        "On the {model}, hold key {number} for five seconds.",
        "If that does not help, ask the support in {place}.",
        "The address `{address}` has to answer.",
    ),
}
_HEADS: Final = {GERMAN: ("Woran es liegt", "Was hilft", "Wenn das nicht hilft"),
                 ENGLISH: ("Why it happens", "What helps", "If that does not help")}  # fmt: skip


@dataclass(frozen=True)
class Writer:
    """Writes texts; the same seed writes the same ones."""

    rng: random.Random

    def language(self) -> str:
        """Return German in two of three cases."""
        return GERMAN if self.rng.random() < 0.67 else ENGLISH

    def name(self) -> str:
        """Return a person's name."""
        return f"{self.rng.choice(FIRST_NAMES)} {self.rng.choice(LAST_NAMES)}"

    def host(self) -> str:
        """Return a computer's name."""
        return f"{self.rng.choice(('pc', 'nb', 'srv', 'ws'))}-{self.rng.choice(PLACES)[:3].lower()}-{self.number():04d}"

    def number(self) -> int:
        """Return a small number oftener than a large one."""
        return int(self.rng.expovariate(1 / 400)) + 1

    def code(self) -> str:
        """Return an error code, one of the usual ones oftener than others."""
        roll = self.rng.random()
        if roll < 0.4:
            return self.rng.choice(("0x80070005", "0x8004010F", "0x00000709", "E-04", "HTTP 500", "ORA-01017", "0x7B"))
        if roll < 0.8:
            return f"0x{self.rng.getrandbits(32):08X}"
        return f"E{self.rng.randrange(100, 9_999)}"

    def title(self, category: str, language: str) -> str:
        """Return what a request is called."""
        return self._fill(self.rng.choice(_TITLES[language][category]), language)

    def asked(self, language: str) -> str:
        """Return a requester's words."""
        return self._some(_SAID[language], language, 1, 6)

    def answered(self, language: str) -> str:
        """Return a technician's words."""
        return self._some(_ANSWERED[language], language, 1, 4)

    def article(self, language: str) -> str:
        """Return an article's body in Markdown."""
        parts = [f"## {head}\n\n{self._some(_HOW[language], language, 2, 5)}" for head in _HEADS[language]]
        return "\n\n".join(parts)

    def _some(self, sentences: tuple[str, ...], language: str, least: int, most: int) -> str:
        chosen = self.rng.sample(sentences, self.rng.randint(least, most))
        return " ".join([self._fill(sentence, language) for sentence in chosen])

    def _fill(self, text: str, language: str) -> str:
        if "{" not in text:
            return text
        rng, made = self.rng, text
        if "{model}" in made:
            made = made.replace("{model}", rng.choice(MODELS))
        if "{program}" in made:
            made = made.replace("{program}", rng.choice(PROGRAMS))
        if "{place}" in made:
            made = made.replace("{place}", rng.choice(PLACES))
        if "{room}" in made:
            made = made.replace("{room}", rng.choice(ROOMS if language == GERMAN else ENGLISH_ROOMS))
        if "{code}" in made:
            made = made.replace("{code}", self.code())
        if "{host}" in made:
            made = made.replace("{host}", self.host())
        if "{name}" in made:
            made = made.replace("{name}", self.name())
        if "{number}" in made:
            made = made.replace("{number}", str(self.number()))
        if "{letter}" in made:
            made = made.replace("{letter}", rng.choice("FGHKPSTX"))
        if "{address}" in made:
            made = made.replace("{address}", f"10.{rng.randrange(8)}.{rng.randrange(256)}.{rng.randrange(1, 255)}")
        return made
