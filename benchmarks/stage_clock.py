"""Clocks in the stage: functions of it timed where they are called, without what they call."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from injection import brick_files, brick_job, hosts, part_files
from pixels import tiles
from pixels.image import GZIP, HCOMPRESS, RICE

DECODING = {
    RICE: "Rice and dequantisation",
    HCOMPRESS: "maskbits (HCOMPRESS)",
    GZIP: "PSF maps (GZIP)",
}
FIXED = (
    (brick_files, "open_images", "headers and tile tables"),
    (brick_files, "read_heads_ahead", "asking the disk"),
    (hosts, "read_hosts_ahead", "asking the disk"),
    (brick_job, "cut_hosts", "cutting"),
    (brick_job, "covered_fraction", "cutting"),
    (brick_job, "inject_batch", "injection and metrics"),
    (brick_job, "blind_detection", "blind search"),
    (brick_job, "metric_rows", "metric rows"),
    (brick_job, "_facts", "metric rows"),
    (hosts, "pixels_at", "PSF maps (GZIP)"),
    (part_files.StampFiles, "write", "writing stamps"),
    (part_files.StampFiles, "publish", "writing stamps"),
)


@contextmanager
def clocked() -> Iterator[dict[str, float]]:
    """Seconds by label of what runs inside; a clock stands while one below it runs."""
    spent: dict[str, float] = defaultdict(float)
    running: list[list[float]] = []  # seconds that clocks below have counted

    def timed(function: Callable[..., Any], label: Callable[..., str]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            running.append([0.0])
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                whole = time.perf_counter() - start
                (below,) = running.pop()
                spent[label(*args)] += whole - below
                if running:
                    running[-1][0] += whole

        return call

    def decoded(image: Any, _numbers: Any) -> str:
        return DECODING[image.algorithm]

    places = [(owner, name, _always(label)) for owner, name, label in FIXED]
    places.append((tiles, "read_tiles", decoded))
    patches = [
        patch.object(owner, name, timed(getattr(owner, name), label))
        for owner, name, label in places
    ]
    for each in patches:
        each.start()
    try:
        yield spent
    finally:
        for each in patches:
            each.stop()


def _always(label: str) -> Callable[..., str]:
    return lambda *_args, **_kwargs: label
