"""How far the stage is: a bar on a terminal, a line now and then in a log."""

import logging
import time
from types import TracebackType

from tqdm import tqdm

from injection.runs import Done
from store.lake import lake_path

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
        self.n_done = 0
        self.new = Done()
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

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self.started

    def add_finished(self, n_renders: int) -> None:
        """Count renders that an earlier run did."""
        self.n_done += n_renders
        self.bar.update(n_renders)

    def add_new(self, done: Done) -> None:
        """Count what was done now."""
        self.new.add(done)
        self.add_finished(done.n_renders)
        now = time.monotonic()
        if self.bar.disable and now - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = now
            rate = self.new.n_renders / self.seconds
            log.warning(
                "injections: %d of %d renders, %.0f a second", self.n_done, self.n_renders, rate
            )

    def closing_lines(self, n_parts: int) -> str:
        """What was done, and how to look at it."""
        return (
            f"injections: {self.n_renders} renders in {n_parts} parts, {self.new.n_renders} of them "
            f"done now in {self.seconds:.1f} s\n"
            f"look: duckdb -init {lake_path('open.sql')} "
            '-c "from injection_gates; from stamps limit 1"'
        )
