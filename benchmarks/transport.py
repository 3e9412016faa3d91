"""Fetching coadd bricks against curl followed by sha256sum: same files, same loopback server, one run.

    python -m benchmarks.transport [--bricks 6] [--repeats 5]

Ours checks the FITS structure and the survey's checksum of every file, flushes it to the disk and
records it; one worker. The peer is one curl for all files, its connection kept, then one sha256sum.
The files are those of the survey that DHS_SURVEY names, else of the embedded one.
"""

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ingest.coadds.cache import BrickFolder
from ingest.coadds.fetch import Budget, WholeFiles, fetch_files
from ingest.coadds.files import files_of_brick
from ingest.survey import COADD_FOLDER, survey_root
from ingest.transport import TransportSettings
from ingest.transport.http import HttpSource

TARGET_RATIO = 0.8
DR10_BRICKS = 180_152  # of the run that the original pipeline made
DR10_BRICK_BYTES = 75e6  # of the ten files of a brick in g, r and z
SECONDS_A_DAY = 86_400


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The folder behind Python's own web server, in a process of its own."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    server = subprocess.Popen(
        [*command, "--directory", str(root), "--protocol", "HTTP/1.1"], stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def whole_bricks(root: Path, n_bricks: int) -> list[str]:
    """Bricks of the survey that have all ten files."""
    names = [
        path.name
        for path in sorted((root / COADD_FOLDER).glob("*/*"))
        if all((root / file.path).exists() for file in files_of_brick(path.name, "grz"))
    ]
    return names[:n_bricks]


def fetch_ours(url: str, bricks: list[str], folder: Path) -> int:
    """Bytes fetched by one worker of ours."""
    settings = TransportSettings(delay_per_host=0.0, n_tries=1)
    with closing(HttpSource(url, settings)) as source:
        plan = WholeFiles(source, Budget())
        for name in bricks:
            fetch_files(BrickFolder(folder, name), files_of_brick(name, "grz"), plan)
        return plan.budget.fetched


def fetch_with_curl(url: str, bricks: list[str], folder: Path) -> None:
    """The same files by curl, then their checksums."""
    paths = [file.path for name in bricks for file in files_of_brick(name, "grz")]
    targets = [str(folder / path.rsplit("/", 1)[-1]) for path in paths]
    pairs = [
        f'url = "{url}/{path}"\noutput = "{t}"\n' for path, t in zip(paths, targets, strict=True)
    ]
    config = folder / "curl.config"
    config.write_text("".join(pairs))
    subprocess.run(["curl", "--silent", "--show-error", "--fail", "-K", str(config)], check=True)
    subprocess.run(["sha256sum", *targets], check=True, stdout=subprocess.DEVNULL)


def timed(fetch: object, *arguments: object) -> float:
    """Seconds that a fetch into an empty folder takes."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        fetch(*arguments, Path(folder))
        return time.perf_counter() - started


def main() -> None:
    """Print both rates, their ratio, and what the rate means for DR10."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bricks", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    root = Path(survey_root())
    if not shutil.which("curl") or not shutil.which("sha256sum"):
        raise SystemExit("the peer needs curl and sha256sum: install them")
    bricks = whole_bricks(root, options.bricks)
    if not bricks:
        raise SystemExit(f"no whole bricks at {root}: run 'python -m ingest mock' first")
    n_bytes = sum((root / f.path).stat().st_size for n in bricks for f in files_of_brick(n, "grz"))
    with served(root) as url:
        timed(fetch_ours, url, bricks)  # files into the page cache, code compiled
        rounds = [
            (timed(fetch_ours, url, bricks), timed(fetch_with_curl, url, bricks))
            for _ in range(options.repeats)
        ]
    ours, peer = (
        n_bytes / statistics.median(seconds) / 1e6 for seconds in zip(*rounds, strict=True)
    )
    print(
        f"{len(bricks)} bricks, {10 * len(bricks)} files, {n_bytes / 1e6:.0f} MB, median of {len(rounds)}"
    )
    print(f"ingest coadds, one worker   {ours:8.0f} MB/s")
    print(f"curl, then sha256sum        {peer:8.0f} MB/s")
    print(f"ratio                       {ours / peer:8.2f}   (to be at least {TARGET_RATIO})")
    days = DR10_BRICKS * DR10_BRICK_BYTES / (ours * 1e6) / SECONDS_A_DAY
    print(
        f"DR10: {DR10_BRICKS} bricks of {DR10_BRICK_BYTES / 1e6:.0f} MB are "
        f"{DR10_BRICKS * DR10_BRICK_BYTES / 1e12:.1f} TB: {days:.2f} days at this rate, "
        f"{DR10_BRICKS * DR10_BRICK_BYTES / 50e6 / SECONDS_A_DAY:.1f} at 50 MB/s from the portal"
    )


if __name__ == "__main__":
    main()
