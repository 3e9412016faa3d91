"""Progress of long work: a bar on a terminal, a line now and then in a log."""

import sys
import time
from types import TracebackType

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 15.0


class Progress:
    """Counts work towards a total, with rate and time left, on the error stream.

    Parameters
    ----------
    what : str
        Named at the start of the line.
    total : int
    unit : str
        ``B`` is scaled (MB, GB); any other is counted.
    """

    def __init__(self, what: str, total: int, unit: str) -> None:
        is_terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=total,
            desc=what,
            unit=unit,
            unit_scale=unit == "B",
            dynamic_ncols=is_terminal,
            disable=not is_terminal,
            file=sys.stderr,
        )
        self._what, self._total, self._unit = what, total, unit
        self._done = 0
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()

    def add(self, amount: int, note: str = "") -> None:
        """Count more work as done."""
        self._done += amount
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(amount)
        now = time.monotonic()
        if self._bar.disable and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            print(self._line(now - self._started, note), file=sys.stderr, flush=True)

    def _line(self, elapsed: float, note: str) -> str:
        return " ".join(
            filter(
                None,
                [
                    tqdm.format_meter(
                        self._done,
                        self._total,
                        elapsed,
                        ncols=0,
                        prefix=self._what,
                        unit=self._unit,
                        unit_scale=self._unit == "B",
                    ),
                    note,
                ],
            )
        )
