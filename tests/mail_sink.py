"""A mail server for tests: it takes what it is sent, hands nothing on, and keeps it (RFC 5321, what is needed)."""

from __future__ import annotations

import contextlib
import email
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

GREETING, CLOSING, DONE, BEGIN = b"220 sink\r\n", b"221 bye\r\n", b"250 ok\r\n", b"354 go ahead\r\n"


@dataclass
class MailSink:
    """What has been sent."""

    port: int
    mails: list[Message] = field(default_factory=list)

    def connection(self) -> dict[str, object]:
        """Airflow's connection to it."""
        plain = {"disable_ssl": True, "disable_tls": True}
        return {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": json.dumps(plain)}

    def about(self, words: str) -> list[str]:
        """The texts of the mails with these words in their subject."""
        found = [mail for mail in self.mails if words in " ".join(str(mail["Subject"]).split())]
        return [_text(mail) for mail in found]


def _text(mail: Message) -> str:
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    return "\n".join(part.decode() for part in parts if isinstance(part, bytes))


@contextlib.contextmanager
def sinking() -> Iterator[MailSink]:
    """A server that is gone afterwards."""
    sink = MailSink(0)

    class Conversation(socketserver.StreamRequestHandler):
        """One client, with as many mails as it likes."""

        def handle(self) -> None:
            self.wfile.write(GREETING)
            while line := self.rfile.readline():
                word = line[:4].upper().strip()
                if word == b"DATA":
                    self.wfile.write(BEGIN)
                    sink.mails.append(self._mail())
                self.wfile.write(CLOSING if word == b"QUIT" else DONE)
                if word == b"QUIT":
                    return

        def _mail(self) -> Message:
            lines = iter(self.rfile.readline, b".\r\n")
            # A line that begins with a dot was sent with one more.
            return email.message_from_bytes(b"".join(line[1:] if line[:1] == b"." else line for line in lines))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
