"""Files are whole under their name, or not there, whatever ends the process that writes them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from store.files import remove_leftovers, temporary_path, write_whole, written_whole
from tests.places import PROJECT

N_BYTES = 4_000_000
WRITER = f"""
import itertools, sys
from pathlib import Path
from store.files import write_whole
for i in itertools.count():
    write_whole(Path(sys.argv[1]), bytes([i % 256]) * {N_BYTES})
"""


def test_a_file_appears_whole_in_a_folder_that_is_made(tmp_path):
    path = tmp_path / "a" / "b.txt"
    with written_whole(path) as temporary:
        temporary.write_bytes(b"first")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert path.read_bytes() == b"first"
    assert write_whole(path, b"second") == path
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = write_whole(tmp_path / "file", b"old")

    def write_half(content):
        with written_whole(path) as temporary:
            temporary.write_bytes(content[:1])
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        write_half(b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    path, order = tmp_path / "file", []
    fsync = os.fsync

    def watched(descriptor):
        order.append(path.exists())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write_whole(path, b"content")
    assert order == [False]
    assert path.exists()


def test_two_writers_of_one_file_do_not_share_a_temporary_one(tmp_path):
    assert temporary_path(tmp_path / "file") != temporary_path(tmp_path / "file")


def test_leftovers_go_and_nothing_else(tmp_path):
    kept = write_whole(tmp_path / "below" / "file.partial", b"named so by its owner")
    left = [temporary_path(folder / "file") for folder in (tmp_path, tmp_path / "below")]
    for path in left:
        path.write_bytes(b"half")
    remove_leftovers(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


@pytest.mark.parametrize("seconds", [0.003, 0.02, 0.05])
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path, seconds):
    path = tmp_path / "file"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=PROJECT)
    try:
        deadline = time.monotonic() + 60
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(seconds)
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    content = path.read_bytes()
    assert content == content[:1] * N_BYTES
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
