"""Try again: how often, after how long, and only where it may help."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
)

from ingest.transport.interface import TransportError, TransportSettings
from pixels.cards import FitsError
from store.failures import FileRefused

JITTER = 0.25  # of the delay, up and down, so that workers do not come back together
LONGEST_RETRY_AFTER = 600.0  # seconds; a server that asks for more is left alone for this run

Result = TypeVar("Result")


@dataclass
class Tries:
    """The number of tries so far, and the event that ends the waits between.

    Parameters
    ----------
    is_stopped : Event
        The command is to end: no more waiting.
    """

    n: int = 0
    is_stopped: Event = field(default_factory=Event)


def try_again(call: Callable[[], Result], settings: TransportSettings, tries: Tries) -> Result:
    """Call until it succeeds, the failure is final, or the tries are used up.

    Raises
    ------
    FileRefused, FitsError
        The last failure.
    """

    def counted() -> Result:
        """Count a try and make it."""
        tries.n += 1
        return call()

    retrying = Retrying(
        stop=stop_after_attempt(settings.n_tries),
        wait=lambda state: delay(state, settings),
        retry=retry_if_exception(is_worth_another),
        sleep=sleep_using_event(tries.is_stopped),
        reraise=True,
    )
    return retrying(counted)


def is_worth_another(error: BaseException) -> bool:
    """Tell whether another try may succeed."""
    if isinstance(error, TransportError):
        wait = error.retry_after or 0.0
        return not error.is_final and wait <= LONGEST_RETRY_AFTER
    return isinstance(error, FileRefused | FitsError)


def delay(state: RetryCallState, settings: TransportSettings) -> float:
    """Return the seconds until the next try, no fewer than the server asked."""
    doubled = settings.first_delay * 2.0 ** (state.attempt_number - 1)
    seconds = min(doubled, settings.max_delay) * random.uniform(1 - JITTER, 1 + JITTER)
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, TransportError) else None
    return max(seconds, asked or 0.0)


class Gate:
    """Lets requests to one host start no faster than agreed."""

    def __init__(self, seconds_between: float) -> None:
        self._seconds_between = seconds_between
        self._lock = Lock()
        self._next_start = 0.0

    def wait(self) -> None:
        """Wait for the next free start."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next_start)
            self._next_start = start + self._seconds_between
        if start > now:
            time.sleep(start - now)

    def close_for(self, seconds: float) -> None:
        """Let no request start for a while, as the server asked."""
        with self._lock:
            self._next_start = max(self._next_start, time.monotonic() + seconds)
