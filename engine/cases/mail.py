"""Mail out of the office: by an SMTP server, or into a folder from which a mail system takes whole files.

``CHANGLING_MAIL`` empty: ``data_dir/mail/out`` holds one ``.eml`` for each mail, under its key, written again with the
same bytes. ``smtp://…`` or ``smtps://…``: handed over at once; a mail that is sent again keeps its Message-ID.
"""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import SplitResult, unquote, urlsplit

from engine.cases.office import Office
from engine.store.whole_files import file_name, write_whole

_SECONDS = 20


class MailError(Exception):
    """The mail server cannot be reached or does not take the mail; it is tried again."""

    retryable = True


def send_mail(office: Office, *, key: str, to: str, subject: str, text: str, at: datetime) -> str:
    """Hand the mail over; what to note as its receipt. MailError when the server does not take it."""
    name = file_name(key)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = office.settings.mail_from, to, subject
    mail["Date"], mail["Message-ID"] = at, f"<{name}@changling>"
    # no reply by a machine to a machine (RFC 3834)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, cte="base64")
    if not office.settings.mail:
        write_whole(office.settings.data_dir / "mail" / "out" / f"{name}.eml", mail.as_bytes())
        return f"已交邮件系统：{name}.eml"
    try:
        _hand_over(urlsplit(office.settings.mail), mail)
    except (OSError, smtplib.SMTPException) as cause:
        raise MailError(f"邮件服务器没有收下：{cause}") from cause
    return f"邮件服务器已收下：{name}"


def _hand_over(server: SplitResult, mail: EmailMessage) -> None:
    """Encrypted wherever the server can; with a name and password only encrypted."""
    context = ssl.create_default_context()
    host, secure = server.hostname or "", server.scheme == "smtps"
    port = server.port or (465 if secure else 25)
    opened = (
        smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
        if secure
        else smtplib.SMTP(host, port, timeout=_SECONDS)
    )
    with opened as session:
        session.ehlo()
        if not secure and session.has_extn("starttls"):
            session.starttls(context=context)
            secure = True
        if server.username:
            if not secure:
                raise smtplib.SMTPException("服务器不支持加密，口令不发送")
            session.login(unquote(server.username), unquote(server.password or ""))
        session.send_message(mail)
