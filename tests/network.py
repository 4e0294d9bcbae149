"""What stands between programs and AWS: an authority of the organisation's own, a server that it vouches for, and a proxy."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT, SERVER = "Acme Inspection Root", "localhost"
REFUSED = b'{"message": "The security token included in the request is invalid."}'


def issued(folder: Path, *, leaves_out: str = "") -> tuple[Path, Path]:
    """An authority's certificate, and a server's with its key, of which one lacks what is named."""
    now = datetime.now(timezone.utc)
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in (ROOT, SERVER)}
    made = {}
    for name, key in keys.items():
        subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in (name, ROOT))
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        )
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        authority = keys[ROOT].public_key()
        if name == ROOT:
            builder = builder.add_extension(x509.BasicConstraints(True, None), leaves_out != "critical")
            if leaves_out != "subject key":
                builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority), False)
            if leaves_out != "key usage":
                usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
                builder = builder.add_extension(usage, True)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER)]), False)
            if leaves_out != "authority key":
                identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority)
                builder = builder.add_extension(identifier, False)
        made[name] = builder.sign(keys[ROOT], hashes.SHA256())
    pem = serialization.Encoding.PEM
    bundle, own = folder / "authority.pem", folder / "server.pem"
    bundle.write_bytes(made[ROOT].public_bytes(pem))
    private = keys[SERVER].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    own.write_bytes(private + made[SERVER].public_bytes(pem))
    return bundle, own


class _Bedrock(BaseHTTPRequestHandler):
    """Refuses the keys of every request: whoever reads this has got through."""

    protocol_version = "HTTP/1.1"
    server: Served

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(REFUSED)))
        self.send_header("Connection", "close")  # so that the next request shows anew what is spoken
        self.end_headers()
        self.wfile.write(REFUSED)

    def handle(self) -> None:
        assert isinstance(self.connection, ssl.SSLSocket)
        try:
            self.connection.do_handshake()
        except OSError:
            return  # the program does not trust this server
        self.server.spoken.append(self.connection.selected_alpn_protocol())
        if self.server.spoken[-1] != "h2":
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


class Served(ThreadingHTTPServer):
    """Bedrock over TLS, HTTP/1.1. spoken: by connection, which version of HTTP the program has chosen."""

    daemon_threads = True

    def __init__(self, own: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Bedrock)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own)
        context.set_alpn_protocols(["h2", "http/1.1"])
        # The handshake is the connection's own thread's: here it would hold up all the others.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.spoken: list[str | None] = []
        self.url = f"https://{SERVER}:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Whoever does not trust this server breaks off; the test says what came of it."""


class _Proxied(BaseHTTPRequestHandler):
    server: Proxy

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        pass


class Proxy(ThreadingHTTPServer):
    """A proxy that leads nowhere. asked: for which hosts it was."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Proxied)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running(*servers: ThreadingHTTPServer) -> Iterator[None]:
    threads = [threading.Thread(target=each.serve_forever, args=(0.01,), daemon=True) for each in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
