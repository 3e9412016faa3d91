"""Progress in a log: lines now and then, with a rate that counts only what was done now."""

import io
import sys

import pytest

from store import progress
from store.progress import Progress


class Clock:
    """A clock that a test winds."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_a_log_gets_a_line_only_after_a_while(clock, capsys):
    with Progress("coadds", 100, "brick") as counted:
        counted.add(1)
        assert capsys.readouterr().err == ""
        clock.now += progress.SECONDS_BETWEEN_LINES
        counted.add(29, "3 MB fetched")
    line = capsys.readouterr().err
    assert line.startswith("coadds: ")
    assert "30/100" in line
    assert "2.00brick/s" in line.replace(" ", "")
    assert line.endswith("3 MB fetched\n")


def test_what_an_earlier_run_did_counts_but_not_for_the_rate(clock, capsys):
    with Progress("injections", 1000, "render") as counted:
        counted.add(900, is_new=False)
        clock.now += 20
        counted.add(40)
    line = capsys.readouterr().err
    assert "940/1000" in line
    assert "2.00render/s" in line.replace(" ", "")


def test_a_terminal_gets_a_bar(clock, monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("injections", 10, "render") as counted:
        counted.add(5, is_new=False)
        counted.add(5)
    assert "10/10" in terminal.getvalue()


def test_silence_is_kept(clock, capsys):
    with Progress("embedded survey", 2, "brick", is_shown=False) as counted:
        clock.now += 2 * progress.SECONDS_BETWEEN_LINES
        counted.add(2)
    assert capsys.readouterr().err == ""
