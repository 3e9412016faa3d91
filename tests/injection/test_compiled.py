"""What the kernels are compiled for, against what the project's choices ask of them."""

import os
import subprocess
import sys

import pytest

from injection.compiled import CACHE_VARIABLE, CHOICES, PROJECT, compiled_kernels
from injection.settings import settings_from_vars
from store.project import settings as project_vars

# Each takes another way through the code, or hands it another number of bands or sizes.
OF_USERS = (
    {},
    {"psf_profile": "gaussian"},
    {"use_psfsize_maps": False},
    {"poisson_noise": False},
    {"metrics_only": True},
    {"stamp_sizes": [65], "detection_band": "z", "bad_mask_bits": [], "seed": 2**40},
)
# Kernels that workers have after loading, and those that an injection with other choices adds.
SCRIPT = f"""
import sys, tempfile
from pathlib import Path
import polars as pl
from numba.core.dispatcher import Dispatcher
from store.project import settings
from injection import compiled
from injection.brick_job import inject_brick
from injection.settings import settings_from_vars

def signatures():
    return {{
        f"{{name}}.{{key}}{{signature}}"
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in ("udfs", "ingest", "injection")
        for key, kernel in vars(module).items()
        if isinstance(kernel, Dispatcher)
        for signature in kernel.signatures
    }}

compiled.load_kernels()
loaded = signatures()
assert len(loaded) > 5, loaded
renders = compiled._render().with_columns(
    pl.lit(1.3, dtype=pl.Float32).alias(f"psfsize_{{band}}") for band in "grz"
)
with tempfile.TemporaryDirectory() as folder:
    compiled._write_brick(Path(folder))
    for changes in {OF_USERS!r}:
        chosen = settings_from_vars(settings() | changes, folder)
        for batch in inject_brick(renders, chosen):
            assert batch.rows["metrics_ok"].all(), (changes, batch.rows["reason_code"])
        new = signatures() - loaded
        assert not new, (changes, new)
"""


class Asked(dict):
    """A mapping that remembers what was looked up."""

    def __init__(self, *values):
        super().__init__(*values)
        self.names = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


def kind(value):
    """Kinds of value, all the way down; a whole number will do for a fraction."""
    if isinstance(value, dict):
        return {name: kind(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return {"of": {kind(inner) for inner in value}}
    return "number" if type(value) in (int, float) else type(value).__name__


def test_the_choices_are_the_vars_that_the_stage_reads():
    asked = Asked(project_vars())
    settings_from_vars(asked, "")
    assert set(CHOICES) == asked.names


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_of_the_kind_of_its_var(name):
    ours, theirs = CHOICES[name], project_vars()[name]
    if isinstance(ours, dict):  # by band: those that are compiled for
        theirs = {band: theirs[band] for band in CHOICES["bands"]}
    assert kind(ours) == kind(theirs)


@pytest.mark.parametrize(
    "name", ["bands", "psf_profile", "poisson_noise", "use_psfsize_maps", "metrics_only"]
)
def test_switches_stand_as_in_the_project(name):
    """What they switch on is compiled; the project's default must not come to ask for more."""
    assert CHOICES[name] == project_vars()[name]


def test_injecting_with_the_choices_of_users_compiles_nothing_more():
    """In a process of its own: in this one other tests have compiled more."""
    environment = os.environ | {CACHE_VARIABLE: str(compiled_kernels())}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
