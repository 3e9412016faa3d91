"""Progress of long work: a bar on a terminal, occasional lines in a log."""

import sys
import time
from types import TracebackType

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 15.0


class Progress:
    """Shows work done of a total, rate and time left on standard error.

    Parameters
    ----------
    what : str
        The work, named at the start of the line.
    total : int
    unit : str
        ``B`` is scaled (MB, GB); any other is counted.
    is_shown : bool
        False to count in silence.
    """

    def __init__(self, what: str, total: int, unit: str, *, is_shown: bool = True) -> None:
        is_terminal = is_shown and sys.stderr.isatty()
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
        self._has_lines = is_shown and not is_terminal
        self._done = self._done_before = 0
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

    def add(self, amount: int, note: str = "", *, is_new: bool = True) -> None:
        """Count more work as done.

        Parameters
        ----------
        amount : int
        note : str
            Shown at the end of the line.
        is_new : bool
            False for work of an earlier run, which does not count for the speed of this one.
        """
        self._done += amount
        if not is_new:
            self._done_before += amount
            if not self._bar.disable:
                self._bar.initial += amount
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(amount)
        now = time.monotonic()
        if self._has_lines and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            print(self._line(now - self._started, note), file=sys.stderr, flush=True)

    def _line(self, elapsed: float, note: str) -> str:
        """Return a line of the log: work done, rate, time left and a note."""
        return " ".join(
            filter(
                None,
                [
                    tqdm.format_meter(
                        self._done,
                        self._total,
                        elapsed,
                        initial=self._done_before,
                        ncols=0,
                        prefix=self._what,
                        unit=self._unit,
                        unit_scale=self._unit == "B",
                    ),
                    note,
                ],
            )
        )
