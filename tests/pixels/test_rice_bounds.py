"""Nothing is read or written beyond the buffers, whatever the streams hold."""

import os
import subprocess
import sys

import pytest

from tests.places import PROJECT


@pytest.mark.nightly
def test_no_stream_makes_the_decoders_leave_their_buffers(tmp_path):
    """Compiled with checks, which kernels in use are not: so in a process and a cache of its own."""
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.pixels.checked_rice"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
