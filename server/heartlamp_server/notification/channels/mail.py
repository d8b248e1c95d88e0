"""Mail, by SMTP. A mail never wakes anybody."""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from heartlamp_server.notification.channels.blocking import Blocking
from heartlamp_server.notification.channels.channel import ADMINISTRATOR, AGAIN, ELSEWHERE, Failed, Message, Sent
from heartlamp_server.notification.model import Trait

SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Server:
    """`security`: "tls" from the first byte, "starttls", or "none" for a server on this machine; `user`: "" none."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str
    ca: Path | None = None


class Mail(Blocking):
    """`boxes`: account -> mailbox; what else is written to is a mailbox itself."""

    trait = Trait(wakes=False, merges=True, proves=False)
    provider = "mail"

    def __init__(self, server: Server, boxes: Mapping[str, str] | None = None) -> None:
        self._server, self._boxes = server, boxes or {}
        self.addresses = frozenset(self._boxes)

    def _send(self, message: Message) -> Sent:
        to = self._to(message)
        if any(c in to for c in "\r\n,;") or "@" not in to:
            raise Failed(ELSEWHERE, "it is no address of a mailbox")
        try:
            return self._deliver(message)
        except smtplib.SMTPAuthenticationError as wrong:
            raise Failed(
                ADMINISTRATOR, f"the mail server refuses our name and password ({wrong.smtp_code})", 600
            ) from wrong
        except smtplib.SMTPRecipientsRefused as wrong:
            code, why = next(iter(wrong.recipients.values()))
            raise Failed(ELSEWHERE if code >= 500 else AGAIN, f"{_words(why)} ({code})", 60) from wrong
        except smtplib.SMTPSenderRefused as wrong:
            raise Failed(
                ADMINISTRATOR, f"the mail server refuses our sender: {_words(wrong.smtp_error)}", 600
            ) from wrong
        except smtplib.SMTPResponseException as wrong:
            what = ELSEWHERE if wrong.smtp_code >= 500 else AGAIN
            raise Failed(what, f"{_words(wrong.smtp_error)} ({wrong.smtp_code})", 30) from wrong
        except ssl.SSLCertVerificationError as wrong:
            raise Failed(
                ADMINISTRATOR, f"the mail server's certificate is not to be trusted: {wrong.verify_message}", 600
            ) from wrong
        except (smtplib.SMTPException, OSError) as wrong:
            raise Failed(AGAIN, f"the mail server cannot be reached: {wrong}", 5) from wrong

    def _to(self, message: Message) -> str:
        return self._boxes.get(message.address, message.address)

    def _deliver(self, message: Message) -> Sent:
        s = self._server
        context = ssl.create_default_context(cafile=None if s.ca is None else str(s.ca))
        with (
            smtplib.SMTP_SSL(s.host, s.port, timeout=SECONDS, context=context)
            if s.security == "tls"
            else smtplib.SMTP(s.host, s.port, timeout=SECONDS)
        ) as server:
            if s.security == "starttls":
                server.starttls(context=context)
            if s.user:
                server.login(s.user, s.password)
            server.send_message(self._written(message))
        return Sent()

    def _written(self, message: Message) -> EmailMessage:
        written = EmailMessage()
        host = self._server.sender.rpartition("@")[2] or "heartlamp"
        written["From"], written["To"] = self._server.sender, self._to(message)
        written["Subject"] = message.title
        written["Date"] = formatdate()
        # The same at every attempt, so that a mailbox that got it twice shows it once.
        written["Message-ID"] = f"<heartlamp-{message.id}@{host}>"
        written["Auto-Submitted"] = "auto-generated"
        written.set_content(message.long + "\n")
        return written


def _words(said: bytes | str) -> str:
    return (said.decode(errors="replace") if isinstance(said, bytes) else said)[:150]
