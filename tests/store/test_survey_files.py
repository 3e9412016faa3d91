"""Names of bricks and their files: safe in paths, and one pattern for Python and SQL."""

import re

import duckdb
import jinja2
import pytest

from store.survey_files import (
    BRICK_NAME,
    brick_path,
    coadd_checksum_list,
    coadd_name,
    is_brick_name,
)
from tests.places import PROJECT

GOOD = ["0001m002", "3599p900", "0000p000"]
BAD = [
    "",
    "0001",
    "0001x002",
    "0001m0022",
    "../0001m002",
    "0001m002\n",
    "0001m002/..",
    "\u0660001m002",
]


@pytest.mark.parametrize("name", GOOD)
def test_a_brick_name_is_its_own_path(name):
    assert is_brick_name(name)
    assert brick_path(name) == f"{name[:3]}/{name}"


@pytest.mark.parametrize("name", [*BAD, None, 1])
def test_what_is_no_brick_name_becomes_no_path(name):
    assert not is_brick_name(name)
    with pytest.raises(ValueError, match=r"is no brick name \(like 0001m002\)"):
        brick_path(name)


def test_coadd_files_have_the_names_of_the_survey():
    assert coadd_name("0001m002", "image", "r") == "legacysurvey-0001m002-image-r.fits.fz"
    assert coadd_name("0001m002", "maskbits") == "legacysurvey-0001m002-maskbits.fits.fz"
    assert coadd_checksum_list("0001m002") == (
        "legacysurvey_dr10_south_coadd_000_0001m002.sha256sum"
    )


def test_sql_has_the_same_pattern():
    macros = jinja2.Template((PROJECT / "macros" / "survey_files.sql").read_text()).module
    assert macros.brick_name_pattern() == BRICK_NAME


def test_duckdb_reads_the_pattern_as_python_does():
    for name in [*GOOD, *BAD]:
        found = duckdb.execute("select regexp_full_match(?, ?)", [name, BRICK_NAME]).fetchone()
        assert found == (is_brick_name(name),)


def test_nobody_else_spells_the_pattern():
    """One home each: the module for Python, the macro for SQL."""
    spelled = re.compile(r"\[(?:mp|pm)\]")
    homes = {PROJECT / "store" / "survey_files.py", PROJECT / "macros" / "survey_files.sql"}
    rooms = ("store", "pixels", "ingest", "injection", "expectations", "report", "models", "macros")
    found = [
        path
        for room in rooms
        for path in (PROJECT / room).rglob("*")
        if path.suffix in (".py", ".sql") and path not in homes
        for line in path.read_text().splitlines()
        if spelled.search(line) and "SWEEP_NAME" not in line and "LegacySurveys brick" not in line
    ]
    assert found == []
