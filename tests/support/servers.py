"""A web server that serves a folder, and misbehaves on order."""

import gzip
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import unquote

PIECE = 1 << 18


@dataclass
class Orders:
    """What the server is to do, and what it was asked.

    Parameters
    ----------
    first : dict of str to list of str
        File name to what happens to the first requests for it, one each; then it is served.
    always : dict of str to str
        The same, to every request. The name "*" stands for every file.
    asked : list of (method, path, Range header or None, time)
    """

    first: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    always: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str | None, float]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def next(self, name: str) -> str:
        with self.lock:
            if self.first.get(name):
                return self.first[name].pop(0)
        return self.always.get(name, self.always.get("*", "serve"))

    def n_asked(self, name: str = "") -> int:
        return sum(path.endswith(name) for method, path, _, _ in self.asked if method == "GET")


class Handler(BaseHTTPRequestHandler):
    """Serves files of ``self.server.root``, with single ranges."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        orders = self.server.orders
        path = unquote(self.path.split("?")[0])
        orders.asked.append((self.command, path, self.headers.get("Range"), time.monotonic()))
        name = path.rstrip("/").rsplit("/", 1)[-1]
        what, _, detail = (orders.next(name) if with_body else "serve").partition(" ")
        getattr(self, what)(self.server.root / path.lstrip("/"), detail, with_body)

    def send(self, status: int, body: bytes, with_body: bool = True, **headers: str) -> None:
        self.send_response(status)
        for key, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def chunked(self, path: Path, detail: str, with_body: bool) -> None:
        """Send the first bytes in one chunk, and end as if that were all."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = path.read_bytes()[: int(detail)]
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(piece), piece))

    def labelled(self, path: Path, _: str, with_body: bool) -> None:
        """Send it as it is, labelled as gzipped."""
        self.send(200, path.read_bytes(), with_body, Content_Encoding="x-gzip")

    def encoded(self, path: Path, _: str, with_body: bool) -> None:
        """Send it gzipped, asked or not."""
        self.send(200, gzip.compress(path.read_bytes()), with_body, Content_Encoding="gzip")

    def serve(self, path: Path, _: str, with_body: bool) -> None:
        if path.is_dir():
            links = "".join(f'<a href="{p.name}">x</a>' for p in sorted(path.iterdir()))
            return self.send(200, f"<html>{links}</html>".encode(), with_body)
        if not path.is_file():
            return self.send(404, b"no such file", with_body)
        size, tag = path.stat().st_size, {"ETag": f'"{path.stat().st_mtime_ns}"'}
        wanted = self.headers.get("Range")
        if wanted:
            start, _, stop = wanted.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(stop), size - 1)
            with path.open("rb") as file:
                file.seek(first)
                body = file.read(last - first + 1)
            tag["Content_Range"] = f"bytes {first}-{last}/{size}"
            return self.send(206, body, with_body, **tag)
        return self.stream(path, size, with_body, tag)

    def stream(self, path: Path, size: int, with_body: bool, headers: dict[str, str]) -> None:
        self.send_response(200)
        for key, value in ({"Content_Length": str(size)} | headers).items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        with path.open("rb") as file:
            while with_body and (piece := file.read(PIECE)):
                self.wfile.write(piece)

    def status(self, _: Path, detail: str, with_body: bool) -> None:
        code, _, wait = detail.partition(" ")
        self.send(int(code), b"no", with_body, **({"Retry_After": wait} if wait else {}))

    def cut(self, path: Path, _: str, with_body: bool) -> None:
        """Half of the body, then the connection ends."""
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.close_connection = True

    def short(self, path: Path, _: str, with_body: bool) -> None:
        """A block less than the file has, and a length that says so."""
        self.send(200, path.read_bytes()[:-2880], with_body)

    def flipped(self, path: Path, _: str, with_body: bool) -> None:
        """One bit of the pixels is wrong."""
        body = bytearray(path.read_bytes())
        body[-20_000] ^= 1
        self.send(200, bytes(body), with_body)

    def slow(self, path: Path, detail: str, with_body: bool) -> None:
        time.sleep(float(detail))
        self.serve(path, "", with_body)

    def page(self, _: Path, __: str, with_body: bool) -> None:
        """An error page that claims to be a success."""
        self.send(200, b"<html><body>Sorry, maintenance</body></html>", with_body)

    def whole(self, path: Path, _: str, with_body: bool) -> None:
        """Range headers are ignored."""
        if not path.is_file():
            return self.send(404, b"", with_body)
        return self.stream(path, path.stat().st_size, with_body, {})

    def redirect(self, path: Path, detail: str, with_body: bool) -> None:
        self.send(302, b"", with_body, Location=detail + self.path)

    def trickle(self, path: Path, detail: str, with_body: bool) -> None:
        """The file in pieces with a pause after each."""
        if not path.is_file():
            return self.serve(path, "", with_body)
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{path.stat().st_mtime_ns}"')
        self.end_headers()
        for start in range(0, len(body), 1 << 16):
            self.wfile.write(body[start : start + (1 << 16)])
            time.sleep(float(detail))
        return None

    def log_message(self, *_: object) -> None:
        """Nothing on the error stream."""


@contextmanager
def serving(root: Path) -> Iterator[tuple[str, Orders]]:
    """Serve a folder on the loopback address; its URL, and the orders."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that was killed is part of the tests
    server.root, server.orders = root, Orders()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.orders
    finally:
        server.shutdown()
        server.server_close()
