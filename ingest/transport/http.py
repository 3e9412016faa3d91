"""Files of an http(s) server, such as the survey's public portal."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import httpx

from ingest.transport.interface import (
    Count,
    FileFacts,
    Placed,
    RangesIgnored,
    TransportError,
    TransportSettings,
    public_location,
)
from ingest.transport.receiving import write_pieces
from ingest.transport.retrying import Gate

USER_AGENT = f"dark-halo-scope (python-httpx/{httpx.__version__})"
PIECE_BYTES = 1 << 18
MAX_REDIRECTS = 5
MAX_LISTING_BYTES = 64 << 20
RETRY_STATUS = frozenset({408, 429})
PORTS = {"http": 80, "https": 443}
HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


class HttpSource:
    """A tree of files behind a URL; all threads share its connections.

    A query in the root's URL is sent with every request: that is how links carry a token.
    """

    def __init__(self, root: str, settings: TransportSettings) -> None:
        address, _, query = root.partition("#")[0].partition("?")
        self.root = address.rstrip("/")
        self._query = f"?{query}" if query else ""
        self.settings = settings
        self._gate = Gate(settings.delay_per_host)
        self._client = httpx.Client(
            timeout=settings.timeout,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    def location(self, path: str) -> str:
        """Return the full URL of a file."""
        return (f"{self.root}/{quote(path)}" if path else self.root) + self._query

    def names(self, folder: str) -> list[str]:
        """Return the sorted names in the server's listing of a folder."""
        address = f"{self.root}/{quote(folder)}".rstrip("/") + "/"
        with self._answer("GET", address + self._query, {}) as response:
            text = b"".join(_pieces(response, MAX_LISTING_BYTES)).decode("utf-8", "replace")
            address = str(response.url.copy_with(query=None))  # where redirects led
        return names_in_listing(text, address)

    def facts(self, path: str) -> FileFacts:
        """Return the size and version of a file."""
        with self._answer("HEAD", self.location(path), {}) as response:
            return _facts(response)

    def place(self, path: str, target: Path, count: Count) -> Placed:
        """Put a file's bytes at a local path."""
        location = self.location(path)
        with self._answer("GET", location, {}) as response:
            announced = _facts(response)
            with _network_errors(location):
                n_bytes, sha256 = write_pieces(response.iter_raw(PIECE_BYTES), target, count)
        length = announced.n_bytes if announced.n_bytes >= 0 else self._length_or_none(path)
        if length not in (n_bytes, None):
            raise TransportError("wrong_length", f"{n_bytes} bytes arrived, of {length} announced")
        return Placed(n_bytes, sha256, announced.version)

    def _length_or_none(self, path: str) -> int | None:
        """Ask for a file's length, where the answer with its bytes gave none."""
        try:
            length = self.facts(path).n_bytes
        except TransportError:
            return None
        return length if length >= 0 else None

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes of each range, all of one version of the file."""
        versions, parts = set(), []
        for start, stop in ranges:
            headers = {"Range": f"bytes={start}-{stop - 1}"}
            with self._answer("GET", self.location(path), headers) as response:
                if response.status_code == httpx.codes.OK:
                    raise RangesIgnored(self.location(path))
                versions.add(_facts(response).version)
                parts.append(b"".join(_pieces(response, stop - start)))
            _check_part(response, parts[-1], (start, stop))
        if len(versions) > 1:
            raise TransportError("changed_meanwhile", f"versions {sorted(versions)} of one file")
        return parts

    def read(self, path: str, query: dict[str, str], at_most: int) -> bytes:
        """Return the answer to a query, of limited length."""
        url = f"{self.location(path)}{'&' if self._query else '?'}{urlencode(query)}"
        with self._answer("GET", url, {}) as response:
            return b"".join(_pieces(response, at_most))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def _answer(
        self, method: str, location: str, headers: dict[str, str]
    ) -> Iterator[httpx.Response]:
        """Give a successful answer, following redirects that are allowed."""
        url = location
        for _ in range(MAX_REDIRECTS + 1):
            self._gate.wait()
            with (
                _network_errors(location),
                self._client.stream(method, url, headers=headers) as response,
            ):
                if response.has_redirect_location:
                    url = self._redirected(response)
                    continue
                self._refuse_failure(response)
                yield response
                return
        raise TransportError("redirect_refused", f"{MAX_REDIRECTS} redirects", is_final=True)

    def _redirected(self, response: httpx.Response) -> str:
        """Return where an allowed redirect leads; refuse others."""
        here, there = response.url, response.url.join(response.headers["Location"])
        if there.scheme not in PORTS or (here.scheme == "https" and there.scheme != "https"):
            raise _redirect_refused(there, "leads away from https")
        if _host(there) != _host(here) and there.host not in self.settings.redirect_hosts:
            raise _redirect_refused(there, "leads to another host (see --allow-redirects-to)")
        return str(there)

    def _refuse_failure(self, response: httpx.Response) -> None:
        """Raise an error for an answer that is not a success."""
        status = response.status_code
        encoding = response.headers.get("Content-Encoding", "identity")
        if status in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            # Some servers label files that are gzip as such; their bytes are the file.
            plain = ("identity", "", "gzip", "x-gzip") if _is_gzip(response) else ("identity", "")
            if encoding.strip().lower() not in plain:
                raise TransportError(
                    "wrong_encoding",
                    f"the server answers in Content-Encoding {encoding}, which was not asked for",
                    is_final=True,
                )
            return
        message = f"the server answered {status} {response.reason_phrase}"
        if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            raise TransportError("not_found", message, is_final=True)
        asked = retry_after(response.headers.get("Retry-After"))
        if asked:
            self._gate.close_for(asked)
        is_final = 300 <= status < 500 and status not in RETRY_STATUS
        reason = "refused_by_server" if is_final else "server_failure"
        raise TransportError(reason, message, is_final=is_final, retry_after=asked)


def names_in_listing(page: str, address: str) -> list[str]:
    """Return the names of the files linked from a server's folder listing.

    Parameters
    ----------
    page : str
        HTML, as Apache, nginx, Caddy, lighttpd or Python's server write it.
    address : str
        Of the folder, with a slash at its end.

    Returns
    -------
    list of str
        Sorted, decoded; links to other folders are left out.
    """
    found = set()
    for quoted in HREF.findall(page):
        try:
            link = urlsplit(urljoin(address, unescape("".join(quoted))))
        except ValueError:  # no address at all
            continue
        folder, _, name = link.path.rpartition("/")
        if link.netloc == urlsplit(address).netloc and unquote(f"{folder}/") == unquote(
            urlsplit(address).path
        ):
            found.add(unquote(name))
    return sorted(found - {""})


def _redirect_refused(there: httpx.URL, why: str) -> TransportError:
    """Return the error for a redirect that is not followed."""
    shown = public_location(str(there))
    return TransportError("redirect_refused", f"a redirect to {shown} {why}", is_final=True)


def _is_gzip(response: httpx.Response) -> bool:
    """Tell whether a file is gzip by its name."""
    return response.url.path.lower().endswith(".gz")


def _host(url: httpx.URL) -> tuple[str, int | None]:
    """Return the host and port of a URL."""
    return url.host, url.port or PORTS.get(url.scheme)


@contextmanager
def _network_errors(location: str) -> Iterator[None]:
    """Turn failures of the network into failures of the file."""
    where = urlsplit(location).hostname
    try:
        yield
    except httpx.TimeoutException as error:
        raise TransportError("timeout", f"{where} did not answer in time") from error
    except httpx.TransportError as error:
        raise TransportError("connection_lost", f"{where}: {error}") from error
    except httpx.InvalidURL as error:
        raise TransportError("bad_url", str(error), is_final=True) from error


def _facts(response: httpx.Response) -> FileFacts:
    """Return length (-1 if not stated) and version from the headers."""
    length = response.headers.get("Content-Length", "")
    tag = response.headers.get("ETag") or response.headers.get("Last-Modified", "")
    return FileFacts(int(length) if length.isdecimal() else -1, tag)


def _pieces(response: httpx.Response, at_most: int) -> Iterator[bytes]:
    """Yield the bytes of an answer; refuse one that is too long."""
    n_bytes = 0
    for piece in response.iter_raw(PIECE_BYTES):
        n_bytes += len(piece)
        if n_bytes > at_most:
            raise TransportError("wrong_length", f"more than the {at_most} bytes requested")
        yield piece


def _check_part(response: httpx.Response, part: bytes, wanted: tuple[int, int]) -> None:
    """Refuse a part that is not the range asked for."""
    start, stop = wanted
    stated = response.headers.get("Content-Range", "")
    if not stated.startswith(f"bytes {start}-") or len(part) != stop - start:
        raise TransportError(
            "wrong_length",
            f"requested bytes {start} to {stop - 1}, received {len(part)} as {stated!r}",
        )


def retry_after(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        then = parsedate_to_datetime(header)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
