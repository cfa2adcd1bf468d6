"""The real things that actions and probes are tested against: nginx, Prometheus, a TLS server, a name server.

Each is started here, on a free loopback port, and stopped by its process id.
"""

import json
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from drill.programs import Program, answers, wait_until
from scripts.servers import free_port
from tests.plumbing.certificates import Authority

METRICS = r"# TYPE orders_lag_seconds gauge\norders_lag_seconds{{shard=\"a\"}} 4\norders_lag_seconds{{shard=\"b\"}} 7\n"
NGINX = (
    """daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  server {{
    listen 127.0.0.1:{port};
    location = /healthz {{ if (-f {folder}/broken) {{ return 503; }} return 200 "ok"; }}
    location = /metrics {{ default_type text/plain; return 200 "METRICS"; }}
    location / {{ return 404; }}
  }}
}}
"""
).replace("METRICS", METRICS)


@dataclass
class Nginx:
    """A real nginx. Its /healthz says 200, or 503 once it is broken."""

    folder: Path
    port: int
    program: Program

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def breaks(self) -> None:
        (self.folder / "broken").touch()

    def heals(self) -> None:
        (self.folder / "broken").unlink(missing_ok=True)

    def reload(self) -> None:
        """Read the configuration again, and write so into its log."""
        os.kill(self.program.child.pid, signal.SIGHUP)


@contextmanager
def nginx(folder: Path) -> Iterator[Nginx]:
    folder.chmod(0o755)
    (folder / "tmp").mkdir(exist_ok=True)
    port = free_port()
    program = Program(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)], folder / "nginx.log")
    server = Nginx(folder, port, program)
    user = "user root;" if os.geteuid() == 0 else ""  # its workers look into a folder of ours
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, user=user))
    try:
        program.start()
        wait_until("nginx answered", lambda: answers(f"{server.url}/healthz"), within_s=10, where=str(program.log))
        yield server
    finally:
        program.stop()


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[str]:
    """URL of a real Prometheus that scrapes `target` (host:port) each second."""
    port = free_port()
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "orders", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    url = f"http://127.0.0.1:{port}"
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    program = Program(["prometheus", *options, f"--web.listen-address=127.0.0.1:{port}"], folder / "prometheus.log")
    try:
        program.start()
        wait_until("Prometheus was ready", lambda: answers(f"{url}/-/ready"), within_s=20, where=str(program.log))
        yield url
    finally:
        program.stop()


@contextmanager
def tls_server(folder: Path, *, name: str = "127.0.0.1", age_days: int = 0) -> Iterator[tuple[int, ssl.SSLContext]]:
    """(port, a client's context that trusts its authority). Its certificate lives two days, `age_days` are over."""
    authority = Authority(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    context = authority.server(name, age_days=age_days)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                with suppress(OSError):  # a client that doesn't trust us hangs up
                    context.wrap_socket(connection, server_side=True).close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1]), authority.trusting()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


Records = dict[tuple[str, str], list[str]]


@contextmanager
def name_server(records: Records, heard: Callable[[str], None] = lambda name: None) -> Iterator[str]:
    """host:port of a name server on UDP that knows these records: {("orders.bank.example", "A"): ["192.0.2.7"]}."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, client = server.recvfrom(4_096)
            if data == b"end":
                return
            query = dns.message.from_wire(data)
            question = query.question[0]
            name, kind = str(question.name).rstrip("."), dns.rdatatype.to_text(question.rdtype)
            heard(name)
            response = dns.message.make_response(query)
            response.flags |= dns.flags.AA
            if found := records.get((name, kind)):
                response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
            elif not any(known == name for known, _ in records):
                response.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(response.to_wire(), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.sendto(b"end", server.getsockname())
        thread.join(5)
        server.close()
