"""The same bits from a process that has the kernels compiled, one that loads them, and any order."""

import os
import subprocess
import sys

import pytest

from udfs import jit
from udfs.code_digest import ROOT

# Prints digests of what the kernels make of made-up input, one line each, whatever the order.
SCRIPT = """
import hashlib, sys
from dataclasses import replace
import numpy as np
from tests.support.batches import SETTINGS, make_batch
from udfs.batch.blind import blind_detection
from udfs.batch.inject import inject_batch
from udfs.compiled import compile_all, load_all
from udfs.cutouts.features import cutout_features

print("folder", compile_all())
load_all()
KINDS = {
    "plain": SETTINGS,
    "noise": replace(SETTINGS, is_poisson=True, returns_invvar=True),
    "gaussian": replace(SETTINGS, psf_profile="gaussian", stamp_sizes=(65,)),
}
INDICES = [0.5, 1.0, 1.7, 4.0] * 3


def digest(*arrays):
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def injected(kind):
    settings = KINDS[kind]
    tasks, pixels = make_batch(12, settings=settings, src_n=INDICES, src_r_mag=20.0)
    done = inject_batch(tasks, pixels, settings)
    size = settings.canvas_size
    found = blind_detection(done.stamps[size], pixels.invvar, pixels.psf_fwhm_arcsec, 0.262)
    numbers = done.metrics.drop_columns(["render_id", "physics_warnings", "reason_code"])
    columns = [column.to_numpy(zero_copy_only=False) for column in numbers]
    assert done.metrics["reason_code"].null_count == len(done.metrics)
    return digest(*columns, *done.stamps.values(), *done.invvar.values(), *found)


def features(_):
    stamps = np.random.default_rng(1).normal(0.1, 0.02, (8, 3, 101, 101)).astype(np.float32)
    return digest(cutout_features(stamps))


work = [(injected, kind) for kind in KINDS] + [(features, "features")]
for function, kind in reversed(work) if "reversed" in sys.argv else work:
    print(kind, function(kind))
"""


def lines(folder, *arguments):
    """Run the script in a process of its own; return what it prints, sorted."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=ROOT,
        env=os.environ | {jit.CACHE_VARIABLE: str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.splitlines())


@pytest.mark.nightly
def test_results_do_not_depend_on_who_compiled_nor_on_the_order_of_the_calls(tmp_path):
    has_compiled = lines(tmp_path)
    (whole,) = tmp_path.glob("*-all")
    compiled = {path: path.stat().st_mtime_ns for path in whole.rglob("*.nb[ic]")}
    assert (whole / jit.MARKER).exists()
    assert len(compiled) > len(jit.ENTRIES) > 0
    assert len(has_compiled) == 5
    assert has_compiled == lines(tmp_path)
    assert has_compiled == lines(tmp_path, "reversed")
    assert compiled == {path: path.stat().st_mtime_ns for path in whole.rglob("*.nb[ic]")}
