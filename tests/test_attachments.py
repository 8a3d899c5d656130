"""Papers of a case: who may bring, open and take them out, what is taken, and what nobody may be asked for."""

from __future__ import annotations

import hashlib
import random
import socket
import struct
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from itertools import cycle
from pathlib import Path

import pytest
from builders import CAST_DAY, PASSWORD, Case, a_claim, actor, refused
from offices import staffed
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.cases import attachments
from engine.cases.attachment_tables import Attachment, StoredFile
from engine.cases.attachments import attach, attachment_of, remove_attachment, scan_waiting
from engine.cases.file_views import AttachmentRow, OpenedAttachment
from engine.cases.media import MEDIA, medium_of
from engine.cases.office import Office
from engine.cases.scanning import scan
from engine.cases.uploads import Upload
from engine.cases.views import Done
from engine.people import AccessRecord
from engine.store.audit import AuditEvent
from engine.store.export import verify_database

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
#: what every clamd and clamscan calls a virus, and no machine minds
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture(scope="module")
def people() -> Iterator[str]:
    """Each claim is the next person's; it is withdrawn afterwards, so that they may claim again."""
    return cycle(("li", "qin", "lin", "jin", "chen", "feng", "zhou", "wu", "sun", "zheng", "bo", "ana"))


@pytest.fixture
def office(office: Office) -> Office:
    return staffed(office, day=CAST_DAY, password=PASSWORD)


@pytest.fixture
def claim(office: Office, people: Iterator[str]) -> Iterator[Case]:
    """A claim that waits for its claimant."""
    case = a_claim(office, next(people))
    yield case
    case.withdraw()
    case.sweep()


def archive(*names: str) -> bytes:
    """An archive with empty entries of these names."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in names:
            file.writestr(name, b"")
    return packed.getvalue()


#: a small file of each kind
KINDS = {
    "pdf": PDF,
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "jpeg": b"\xff\xd8\xff\xe1\x00\x10Exif",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "heic": b"\x00\x00\x00\x18ftypheic\x00\x00",
    "docx": archive("[Content_Types].xml", "word/document.xml"),
    "xlsx": archive("[Content_Types].xml", "xl/workbook.xml"),
    "ofd": archive("OFD.xml", "Doc_0/Document.xml"),
}


def brings(case: Case, who: str, name: str = "情况说明.pdf", content: bytes = PDF, **said: object) -> object:
    upload = Upload(name=name, content=content, **said)  # type: ignore[arg-type]
    return attach(case.office, actor(case.office, who), case.id, upload)


def listed(case: Case, who: str) -> tuple[AttachmentRow, ...]:
    rows = attachments.attachments(case.office, actor(case.office, who), case.id)
    assert isinstance(rows, tuple), rows
    return rows


def opened(case: Case, who: str, attachment_id: int) -> object:
    return attachment_of(case.office, actor(case.office, who), attachment_id)


@pytest.mark.req("FLOW-07", "CTRL-07")
def test_what_was_brought_comes_back_byte_for_byte_under_its_name(claim: Case) -> None:
    content = PDF + random.Random(7).randbytes(200_000)

    outcome = brings(claim, claim.subject, "  /tmp/说明 (一).pdf", content, title="招工表复印件")
    row = listed(claim, claim.subject)[0]
    paper = opened(claim, claim.subject, row.attachment_id)

    assert isinstance(outcome, Done), outcome
    assert (row.name, row.title, row.kind, row.size) == ("说明 (一).pdf", "招工表复印件", "PDF", len(content))
    assert row.digest == hashlib.sha256(content).hexdigest()
    assert paper == OpenedAttachment(name="说明 (一).pdf", media_type="application/pdf", content=content)


@pytest.mark.req("CTRL-07")
def test_the_content_is_kept_once_and_encrypted_for_its_place(
    claim: Case, office: Office, people: Iterator[str]
) -> None:
    content = PDF + b"the same words"
    other = a_claim(office, next(people))

    assert isinstance(brings(claim, claim.subject, content=content), Done)
    assert isinstance(brings(claim, claim.subject, "again.pdf", content), Done)
    assert isinstance(brings(other, other.subject, content=content), Done)

    with office.store.reading() as session:
        files = session.scalars(
            select(StoredFile).where(StoredFile.digest == hashlib.sha256(content).hexdigest())
        ).all()
        assert len(files) == 1
        assert b"the same words" not in files[0].content
        assert (
            office.vault.decrypt_bytes(files[0].content, bound_to=f"stored_file:{files[0].digest}") == content
        )


@pytest.mark.req("CTRL-07")
def test_strangers_and_other_duties_neither_bring_nor_open(claim: Case, office: Office) -> None:
    brings(claim, claim.subject)
    row = listed(claim, claim.subject)[0]
    strangers = (
        "zhuang",
        "guangyue",
        "youshouli",
        "wuchuna",
        "zhoukuaiji",
        "chenguanli",
        "wangshouli",
        "zhaofuhe",
    )

    for who in (each for each in strangers if each != claim.subject and _known(each)):
        assert refused(brings(claim, who)) == ("not_in_reach",), who
        assert refused(opened(claim, who, row.attachment_id)) == ("not_in_reach",), who
        assert refused(attachments.attachments(office, actor(office, who), claim.id)) == ("not_in_reach",), (
            who
        )
    assert refused(opened(claim, claim.subject, 10**6)) == ("no_such_attachment",)


@pytest.mark.req("CTRL-07")
def test_staff_bring_only_at_a_step_that_they_may_do_and_oversight_only_reads(claim: Case) -> None:
    claim.goes_on(until="check_intake")

    assert refused(brings(claim, "zhengneikong")) == ("not_your_step",), "internal control reads only"
    assert isinstance(brings(claim, "wangshouli", element_id="check_intake"), Done)
    row = listed(claim, "zhengneikong")[0]

    assert row.step
    assert isinstance(opened(claim, "zhengneikong", row.attachment_id), OpenedAttachment)
    assert listed(claim, claim.subject) == (), "the claimant sees what they brought themselves"
    assert refused(opened(claim, claim.subject, row.attachment_id)) == ("no_such_attachment",)


@pytest.mark.req("CTRL-07", "CTRL-01")
def test_every_hand_on_a_paper_is_in_the_trail_and_every_look_on_record(claim: Case, office: Office) -> None:
    claim.goes_on(until="check_intake")
    brings(claim, "wangshouli", title="谈话记录")
    row = listed(claim, "wangshouli")[0]
    opened(claim, "wangshouli", row.attachment_id)
    remove_attachment(office, actor(office, "wangshouli"), row.attachment_id, why="传错了")

    with office.store.reading() as session:
        events = session.scalars(
            select(AuditEvent)
            .where(
                AuditEvent.stream == f"case:{claim.id}",
                AuditEvent.subject == f"attachment:{row.attachment_id}",
            )
            .order_by(AuditEvent.seq)
        ).all()
        looks = session.scalars(
            select(AccessRecord.why).where(AccessRecord.actor == actor(office, "wangshouli").key)
        ).all()
        verdict = verify_database(session)
    assert [event.action for event in events] == [
        "ATTACHMENT_ADDED", "ATTACHMENT_OPENED", "ATTACHMENT_REMOVED",
    ]  # fmt: skip
    assert all(row.digest in (event.after or "") for event in events)
    assert events[-1].reason == "传错了"
    assert any(why.startswith(f"查看材料{row.attachment_id}") for why in looks)
    assert verdict.ok, verdict.text


@pytest.mark.req("CTRL-01")
def test_a_paper_taken_out_stays_on_record_and_only_its_bringer_takes_it_out(
    claim: Case, office: Office
) -> None:
    brings(claim, claim.subject)
    claim.goes_on(until="check_intake")
    number = listed(claim, claim.subject)[0].attachment_id

    def removes(who: str, why: str = "重复") -> object:
        return remove_attachment(office, actor(office, who), number, why=why)

    assert refused(removes("wangshouli")) == ("not_yours_to_remove",)
    assert refused(removes(claim.subject, " \x00")) == ("why_needed",)
    assert isinstance(removes(claim.subject), Done)
    assert refused(removes(claim.subject)) == ("not_yours_to_remove",)
    row = listed(claim, "wangshouli")[0]
    assert (row.removed_why, row.can) == ("重复", frozenset({"open"}))
    assert isinstance(opened(claim, "wangshouli", number), OpenedAttachment)


def test_nothing_is_added_to_an_ended_case(claim: Case) -> None:
    claim.withdraw()

    assert refused(brings(claim, claim.subject)) == ("not_your_step",)


@pytest.mark.req("CLAIM-05")
def test_what_nobody_may_be_asked_for_is_taken_only_when_volunteered(claim: Case) -> None:
    claim.goes_on(until="check_intake")

    asked = brings(claim, "wangshouli", "扫描件.pdf", title="离职证明")
    by_name = brings(claim, "wangshouli", "失业登记证.pdf")
    declared = brings(claim, "wangshouli", "扫描件.pdf", title="离职证明", volunteered=True)
    unasked = brings(claim, claim.subject, "离职证明.pdf", title="离职证明")

    assert refused(asked) == ("forbidden_demand",)
    assert refused(by_name) == ("forbidden_demand",)
    assert all(reason.source for reason in asked.reasons)  # type: ignore[attr-defined]
    assert isinstance(declared, Done)
    assert isinstance(unasked, Done), "nobody turns a paper of the claimant's away"
    assert [row.volunteered for row in listed(claim, "wangshouli")] == [True, True]


@pytest.mark.parametrize("ending", sorted(KINDS))
def test_each_kind_is_known_by_its_bytes(ending: str) -> None:
    medium = medium_of(KINDS[ending])

    assert medium is not None
    assert ending in medium.endings
    assert MEDIA[medium.media_type] is medium


def test_a_name_that_does_not_fit_the_content_is_refused_whatever_the_two_are(claim: Case) -> None:
    """Every kind under every other ending, and things that are no paper at all."""
    for ending, content in KINDS.items():
        for other in KINDS:
            if {ending, other} == {"jpg", "jpeg"} or ending == other:
                continue
            assert refused(brings(claim, claim.subject, f"x.{other}", content)) == ("type_mismatch",), (
                ending,
                other,
            )
    others = {
        "x.html": b"<script>alert(1)</script>", "x.pdf": b"<html>%PDF-", "x.exe": b"MZ\x90\x00", "x.svg": b"<svg/>",
        "x.docx": archive("nothing"), "x.xlsx": b"PK\x03\x04broken", "x.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    }  # fmt: skip
    for name, content in others.items():
        assert refused(brings(claim, claim.subject, name, content)) == ("unknown_type",), name


def test_macros_emptiness_and_size_are_refused_in_words(claim: Case, office: Office) -> None:
    macros = archive("word/document.xml", "word/vbaProject.bin")
    small = replace(claim, office=replace(office, settings=replace(office.settings, attachment_bytes_max=64)))

    assert refused(brings(claim, claim.subject, "x.docx", macros)) == ("macros",)
    assert refused(brings(claim, claim.subject, "x.pdf", b"")) == ("no_content",)
    assert refused(brings(claim, claim.subject, "pdf", PDF)) == ("no_content",)
    assert refused(brings(small, claim.subject, "x.pdf", PDF + b"x" * 64)) == ("too_large",)


def test_an_ending_hidden_by_signs_that_turn_the_line_round_is_seen(claim: Case) -> None:
    assert refused(brings(claim, claim.subject, "说明\u202efdp.exe", PDF)) == ("type_mismatch",)
    assert isinstance(brings(claim, claim.subject, "..\\..\\" + "长" * 400 + ".pdf\x00\n", PDF), Done)
    row = listed(claim, claim.subject)[0]
    assert (len(row.name), row.name[-5:]) == (200, "长.pdf")


CHANGES = (
    "UPDATE attachment SET digest = (SELECT digest FROM stored_file WHERE digest <> attachment.digest LIMIT 1)",
    "UPDATE attachment SET title = '另一份'",
    "UPDATE attachment SET volunteered = NOT volunteered",
    "UPDATE attachment SET scan = 'clean' WHERE scan = 'unscanned'",
    "UPDATE attachment SET removed_at = NULL, removed_by = NULL WHERE removed_at IS NOT NULL",
    "DELETE FROM attachment",
    "UPDATE stored_file SET content = 'x'",
    "DELETE FROM stored_file",
)


@pytest.mark.req("CTRL-01")
def test_the_database_itself_refuses_to_change_a_paper(claim: Case, office: Office) -> None:
    brings(claim, claim.subject)
    brings(claim, claim.subject, "other.pdf", PDF + b"other")
    last = listed(claim, claim.subject)[-1].attachment_id
    remove_attachment(office, actor(office, claim.subject), last, why="重复")

    for change in CHANGES:
        with pytest.raises(IntegrityError), office.store.transaction() as session:
            session.execute(text(change))


# --- the scanner --------------------------------------------------------------------------------------------

COMMAND = "import sys; data = sys.stdin.buffer.read(); bad = b'EICAR' in data; print('stream: Eicar FOUND' if bad else 'OK'); sys.exit(bad)"


def _command(code: str) -> str:
    return f'command:{sys.executable} -c "{code}"'


@contextmanager
def clamd(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A daemon that speaks clamd's INSTREAM on a port of this machine."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as heard:
                assert heard.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack("!I", heard.read(4))[0]:
                    content += heard.read(size)
                connection.sendall(answer(content))

    threading.Thread(target=serve, daemon=True).start()
    yield f"clamd:127.0.0.1:{server.getsockname()[1]}"
    server.close()


def test_the_answers_of_clamd_and_of_a_command_are_told_apart() -> None:
    def finds(content: bytes) -> bytes:
        return b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if b"EICAR" in content else b"stream: OK\0"

    with clamd(finds) as scanner:
        assert scan(scanner, PDF * 10_000).verdict == "clean"
        assert scan(scanner, PDF + EICAR) == scan(scanner, EICAR)
        assert scan(scanner, EICAR).note == "Win.Test.EICAR_HDB-1"
    with clamd(lambda _: b"INSTREAM size limit exceeded. ERROR\0") as scanner:
        assert scan(scanner, PDF).verdict == "waiting"
    with clamd(lambda _: b"") as scanner:
        assert scan(scanner, PDF).verdict == "waiting"
    assert scan(_command(COMMAND), PDF).verdict == "clean"
    assert scan(_command(COMMAND), EICAR).verdict == "infected"
    assert scan(_command("import sys; sys.exit(2)"), PDF).verdict == "waiting"
    assert scan("command:/no/such/scanner", PDF).verdict == "waiting"
    assert scan("clamd:/no/such/socket", PDF).verdict == "waiting"
    assert scan("", PDF).verdict == "unscanned"


def test_an_infected_paper_is_not_kept_and_one_found_later_is_never_handed_out(
    claim: Case, office: Office, tmp_path: Path
) -> None:
    infected = PDF + EICAR
    down = replace(claim, office=replace(office, settings=replace(office.settings, scanner="clamd:/no/such")))
    up = replace(claim, office=replace(office, settings=replace(office.settings, scanner=_command(COMMAND))))

    assert refused(brings(up, claim.subject, content=infected)) == ("infected",)
    assert listed(claim, claim.subject) == ()
    assert isinstance(brings(down, claim.subject, content=infected), Done)
    assert isinstance(brings(down, claim.subject, "clean.pdf"), Done)
    bad, good = (row.attachment_id for row in listed(claim, claim.subject))
    assert refused(opened(claim, claim.subject, bad)) == ("not_scanned_yet",)
    assert scan_waiting(down.office) == 0, "the scanner is still down"
    assert scan_waiting(up.office) == 2
    assert scan_waiting(up.office) == 0
    assert refused(opened(claim, claim.subject, bad)) == ("infected",)
    assert isinstance(opened(claim, claim.subject, good), OpenedAttachment)
    assert [row.can for row in listed(claim, claim.subject)] == [{"remove"}, {"open", "remove"}]
    with office.store.reading() as session:
        assert session.get_one(Attachment, bad).scan == "infected"
        assert verify_database(session).ok


def _known(who: str) -> bool:
    from engine.duties import DEMO_STAFF
    from engine.registers.cast import EMPLOYERS, PEOPLE

    return who in PEOPLE or who in EMPLOYERS or any(each.login == who for each in DEMO_STAFF)
