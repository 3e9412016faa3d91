"""How far the stage is: a bar on a terminal, a line now and then in a log."""

import logging
import time
from types import TracebackType

from tqdm import tqdm

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0


class Progress:
    """Counts renders as they are done; use it in a ``with``.

    Parameters
    ----------
    n_renders : int
        That there are in all.
    """

    def __init__(self, n_renders: int) -> None:
        self.n_renders = n_renders
        self.n_done = self.n_new = 0
        self.started = self.last_line = time.monotonic()
        self.bar = tqdm(total=n_renders, unit=" renders", desc="injections", disable=None)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.close()

    def add(self, n: int, *, is_new: bool) -> None:
        """Count renders that were done now, or in an earlier run."""
        self.n_done += n
        self.n_new += n if is_new else 0
        self.bar.update(n)
        now = time.monotonic()
        if self.bar.disable and now - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = now
            rate = self.n_new / (now - self.started)
            log.warning(
                "injections: %d of %d renders, %.0f a second", self.n_done, self.n_renders, rate
            )

    def closing_lines(self, n_parts: int) -> str:
        """What was done, and how to look at it."""
        seconds = time.monotonic() - self.started
        return (
            f"injections: {self.n_renders} renders in {n_parts} parts, {self.n_new} of them done "
            f"now in {seconds:.1f} s\n"
            "look at them: duckdb -init lake/open.sql -c "
            '"from injections select reason_code, count(*) group by all"'
        )
