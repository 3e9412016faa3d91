"""The types that kernels are compiled for, against what users' choices ask of them."""

import subprocess
import sys

from udfs.code_digest import ROOT
from udfs.compiled import compile_all

# Each takes another way through the code, or another number of bands or sizes.
OF_USERS = (
    {},
    {"psf_profile": "gaussian"},
    {"use_psfsize_maps": False},
    {"poisson_noise": False},
    {"metrics_only": True},
    {"stamp_sizes": [65], "detection_band": "z", "bad_mask_bits": [], "seed": 2**40},
)
# After `load_all` a call with other types is a TypeError.
SCRIPT = f"""
import tempfile
from pathlib import Path
from injection.brick_job import inject_brick
from injection.settings import settings_from_vars
from store.project import settings
from tests.injection.small_brick import arc_and_control, write_brick
from udfs import jit
from udfs.compiled import load_all

load_all()
assert len(jit.ENTRIES) > 10, jit.ENTRIES
with tempfile.TemporaryDirectory() as folder:
    write_brick(Path(folder))
    for changes in {OF_USERS!r}:
        chosen = settings_from_vars(settings() | changes, folder)
        n_rows = 0
        for batch in inject_brick(arc_and_control(), chosen):
            assert batch.rows["metrics_ok"].all(), (changes, batch.rows["reason_code"])
            n_rows += len(batch.rows)
        assert n_rows == 2 * len(chosen.kernel.stamp_sizes), (changes, n_rows)
called = [entry.kernel for entry in jit.ENTRIES]
assert not [kernel for kernel in jit.KERNELS if kernel not in called and kernel.signatures]
for entry in jit.ENTRIES:
    assert len(entry.kernel.signatures) == len(entry.signatures()), entry
    assert sum(entry.kernel.stats.cache_misses.values()) == 0, entry
"""


def test_injecting_with_the_choices_of_users_compiles_nothing_more():
    """In a process of its own: in this one other tests have compiled more."""
    compile_all()
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
