"""Checks of `protocol/`: papers, handshake, records, the table."""

from tests.mutants.mutant import Mutant

_AUTHORITY = "protocol/authority.py"
_PAPERS = "tests/protocol/test_authority.py"
_CONNECTION = "protocol/connection.py"
_PAIR = "tests/protocol/test_connection.py"
_COPIES = "tests/protocol/test_picture.py::test_copies_from_nowhere_are_refused"


def _paper_check(name: str, find: str, case: str) -> Mutant:
    """Switch one line of `check_credentials` off."""
    test = f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[{case}]"
    return Mutant(name, _AUTHORITY, f"({find},", "(True,", test)


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "signatures are not verified",
        _AUTHORITY,
        "        key.verify(signature, body)\n",
        "        pass\n",
        f"{_PAPERS}::test_one_changed_byte_is_seen",
    ),
    Mutant(
        "labels are not compared",
        _AUTHORITY,
        "if not newline or label != kind.LABEL:",
        "if not newline:",
        f"{_PAPERS}::test_a_paper_under_another_label_is_refused",
    ),
    Mutant(
        "other organisations are accepted",
        _AUTHORITY,
        "if value.organisation != organisation:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words"
        "[certificate naming another organisation]",
    ),
    Mutant(
        "papers out of date are accepted",
        _AUTHORITY,
        "if now >= end:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[grant out of date]",
    ),
    Mutant(
        "papers from the future are accepted",
        _AUTHORITY,
        "if newest > trust.now + NOT_BEFORE_SLACK_S:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[grant from the future]",
    ),
    Mutant(
        "papers may live for ever",
        _AUTHORITY,
        "if end - begin > longest_s:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[grant that lives too long]",
    ),
    Mutant(
        "a clock set back brings old papers to life",
        _AUTHORITY,
        "now = max(trust.server_time, newest)",
        "now = trust.server_time",
        f"{_PAPERS}::test_an_older_server_clock_does_not_bring_old_papers_to_life",
    ),
    _paper_check(
        "an old revocation list is accepted",
        "revocations.sequence >= trust.revocation_sequence",
        "revocation list older than the newest seen",
    ),
    _paper_check(
        "revoked devices are accepted", "certificate.serial not in revocations.serials", "certificate revoked"
    ),
    _paper_check(
        "revoked grant keys are accepted",
        "papers.grant_key.serial not in revocations.serials",
        "grant-key certificate revoked",
    ),
    _paper_check(
        "another technician's grant is accepted",
        "grant.technician == certificate.technician",
        "grant of another technician",
    ),
    _paper_check(
        "another device's grant is accepted", "grant.device_key == certificate.device_key", "grant of another device"
    ),
    _paper_check(
        "a certificate for another key is accepted",
        "_key(certificate.device_key) == peer_static",
        "certificate for another key",
    ),
    _paper_check("another session's grant is accepted", "grant.session == session", "grant of another session"),
    _paper_check("another ticket's grant is accepted", "grant.tracking == tracking", "grant of another ticket"),
    _paper_check("a grant without rights is accepted", "bool(rights)", "grant without a right"),
    Mutant(
        "the key that the handshake proved is not the one that papers are held against",
        _CONNECTION,
        "session=self._session, tracking=self._tracking, peer_static=peer_static\n",
        "session=self._session, tracking=self._tracking, peer_static=bytes(32)\n",
        f"{_PAIR}::test_the_whole_way",
    ),
    Mutant(
        "the pinned agent key is not compared",
        _CONNECTION,
        "if self._expected_agent_key is not None and handshake.peer_static != self._expected_agent_key:",
        "if False:",
        f"{_PAIR}::test_another_agent_key_than_the_pinned_one_is_refused",
    ),
    Mutant(
        "the user grants more than the ticket allows",
        _CONNECTION,
        "granted = rights & self.authority.rights",
        "granted = rights",
        f"{_PAIR}::test_the_user_cannot_grant_more_than_the_ticket_allows",
    ),
    Mutant(
        "narrowing widens",
        _CONNECTION,
        "left = self.rights & rights",
        "left = rights",
        f"{_PAIR}::test_rights_never_widen_by_narrowing",
    ),
    Mutant(
        "the table is not asked",
        _CONNECTION,
        "            check_incoming(message, self.role, self.phase, self.rights)\n",
        "            pass\n",
        f"{_PAIR}::test_input_without_the_right_ends_the_session_and_with_it_passes",
    ),
    Mutant(
        "the right is not asked",
        "protocol/table.py",
        "        raise NotPermitted(row.right)\n",
        "        pass\n",
        "tests/protocol/test_messages.py::test_the_table_is_the_gate",
    ),
    Mutant(
        "the sender is not asked",
        "protocol/table.py",
        "    if receiver.peer not in row.senders:\n        raise RemoteProtocolError",
        "    if False:\n        raise RemoteProtocolError",
        "tests/protocol/test_messages.py::test_the_table_is_the_gate",
    ),
    Mutant(
        "the phase is not asked",
        "protocol/table.py",
        "    if phase not in row.phases:\n        raise RemoteProtocolError",
        "    if False:\n        raise RemoteProtocolError",
        "tests/protocol/test_messages.py::test_the_table_is_the_gate",
    ),
    Mutant(
        "keys outlive the session",
        _CONNECTION,
        "                half.wipe()\n",
        "                pass\n",
        f"{_PAIR}::test_after_the_end_nothing_is_read_sent_or_kept",
    ),
    Mutant(
        "a wiped key still passes text through",
        "protocol/noise.py",
        '            raise LocalProtocolError("the key was wiped")\n',
        "            return AESGCM(bytes(32)), bytes(12)\n",
        "tests/protocol/test_noise.py::test_a_wiped_key_neither_seals_nor_opens",
    ),
    Mutant(
        "the prologue is not mixed in",
        "protocol/noise.py",
        "        self._symmetric.mix_hash(prologue)\n",
        "        pass\n",
        "tests/protocol/test_noise.py::test_different_prologues_do_not_meet",
    ),
    Mutant(
        "a resume is accepted without a secret",
        _CONNECTION,
        "if pattern is Pattern.XXPSK3 and self._resume_secret is None:",
        "if False:",
        f"{_PAIR}::test_resume_needs_the_secret_on_both_sides",
    ),
    Mutant(
        "keys are never changed",
        "protocol/records.py",
        "        record = self._cipher.encrypt(plain)\n        if self._cipher.counter % self._rekey_records == 0:",
        "        record = self._cipher.encrypt(plain)\n        if False:",
        "tests/protocol/test_records.py::test_the_key_changes_after_the_given_number_of_records",
    ),
    Mutant(
        "messages may grow without bound",
        "protocol/records.py",
        "if len(message) > limit:",
        "if False:",
        "tests/protocol/test_records.py::test_vectors_of_pieces",
    ),
    Mutant(
        "copies come from right of the picture",
        "protocol/picture.py",
        "_check(x + rect.width <= width and y",
        "_check(y",
        f"{_COPIES}[source one column too far]",
    ),
    Mutant(
        "copies come from below the picture",
        "protocol/picture.py",
        " and y + rect.height <= height, ",
        ", ",
        f"{_COPIES}[source one row too far]",
    ),
    Mutant(
        "copies have any size",
        "protocol/picture.py",
        """    if rect.width * rect.height > MAX_RECT_PIXELS:
        raise""",
        """    if False:
        raise""",
        "tests/protocol/test_picture.py::test_a_copy_has_a_bounded_number_of_pixels",
    ),
    Mutant(
        "copies say their source in any number of bytes",
        "protocol/picture.py",
        """    _check(len(rect.data) == _COPY_SOURCE.size, "copy of the wrong size")
    x, y = _COPY_SOURCE.unpack(rect.data)""",
        """    x, y = _COPY_SOURCE.unpack_from(rect.data)""",
        f"{_COPIES}[source with bytes left over]",
    ),
    Mutant(
        "copies that overlap read what they wrote",
        "protocol/picture.py",
        "for top in starts if to_y < from_y else reversed(starts):",
        "for top in starts:",
        "tests/protocol/test_picture.py::test_a_copy_that_overlaps_itself",
    ),
    Mutant(
        "copies go to viewers that did not ask for them",
        _CONNECTION,
        "if isinstance(message, m.Rect) and message.encoding == Encoding.COPY and Feature.COPY not in self.features:",
        "if False:",
        "tests/interop/test_pictures.py::test_a_copy_goes_only_to_a_viewer_that_named_it[cannot-copy-js-viewer]",
    ),
    Mutant(
        "a deflate bomb is inflated",
        "protocol/picture.py",
        "rows = unpacker.decompress(data, size + 1)",
        "rows = unpacker.decompress(data)[: size + 1]",
        "tests/protocol/test_picture.py::test_a_deflate_bomb_is_not_inflated",
    ),
    Mutant(
        "wrong check characters are read",
        "protocol/tracking.py",
        "    if _remainder(body) != 0:\n        raise",
        "    if False:\n        raise",
        "tests/protocol/test_tracking.py::test_vectors",
    ),
)
