"""How much of a mail is read. A hostile mail costs at most this; the raw mail is kept elsewhere in full."""

from typing import Final

# The largest public mail services take 50 MB after encoding at most; more is not a request for help.
MAX_MAIL_BYTES: Final = 60_000_000
# Header blocks of real mails stay under 64 KB, Received and ARC lines included; Postfix cuts at 100 KB.
MAX_HEADER_BYTES: Final = 256_000
MAX_FIELDS: Final = 2_000
# One folded field. A To with two thousand names fits.
MAX_FIELD_BYTES: Final = 100_000
# Forwarded and signed mails nest four or five levels; each level reads its bytes once more.
MAX_DEPTH: Final = 12
# Parts of all levels together; a mail with more is an attack or a broken gateway. What is left over stays one part.
MAX_PARTS: Final = 400
# Text parts that become the body; further ones are attachments. Each may cost one guess of its charset.
MAX_TEXT_PARTS: Final = 40
# The body that is read; longer text is cut here, and the raw mail still has it.
MAX_TEXT_CHARS: Final = 1_000_000
# Newsletters stay under 300 KB; pictures written into the HTML itself may make it longer.
MAX_HTML_CHARS: Final = 2_000_000
# The longest newsletters have some 10,000 tags, the longest threads of quotes some 200 levels.
MAX_HTML_TAGS: Final = 100_000
MAX_HTML_DEPTH: Final = 500
# html5ever's time grows with the square of the number of & in a text: 100,000 take 0.1 s, a million take 8 s.
MAX_HTML_REFERENCES: Final = 100_000
# Bytes shown to the charset guesser, whose time grows with them; a few KB tell as much as a few MB.
MAX_GUESS_BYTES: Final = 4_096
MAX_ADDRESSES: Final = 500
MAX_REFERENCES: Final = 200
# RFC 5321 section 4.5.3.1.3: a path of 256 octets with its angle brackets.
MAX_ADDRESS_CHARS: Final = 254
# RFC 5322 allows lines of 998; longer identifiers are made up.
MAX_MESSAGE_ID_CHARS: Final = 998
MAX_SUBJECT_CHARS: Final = 1_000
MAX_NAME_CHARS: Final = 200
MAX_FILE_NAME_CHARS: Final = 120
# A returned original or a report is read for its headers, which come first.
MAX_RETURNED_BYTES: Final = 64_000
