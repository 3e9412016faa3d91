"""Lists as people publish them: the same lenses from every format, or a sentence."""

import gzip
import math
from contextlib import suppress

import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.catalogues.lenses import read_lenses
from store.failures import FileRefused

NAMES = ["LensA", "LensB"]
RA_DEG, DEC_DEG = [352.0995, 10.5], [0.05, -0.25]


def taken(path):
    """Name and position of each lens of a list."""
    rows = [row for batch in read_lenses(path) for row in batch.to_pylist()]
    return [(row["name"], row["ra"], row["dec"]) for row in rows]


def expected():
    return [
        (name, pytest.approx(ra, abs=1e-9), pytest.approx(dec, abs=1e-9))
        for name, ra, dec in zip(NAMES, RA_DEG, DEC_DEG, strict=True)
    ]


def rows(head, separator, ra=RA_DEG, dec=DEC_DEG):
    lines = [head, *(separator.join(map(str, row)) for row in zip(NAMES, ra, dec, strict=True))]
    return "\n".join(lines) + "\n"


RA_HOURS = [ra / 15 for ra in RA_DEG]
TEXTS = {
    "commas": rows("name,ra,dec", ","),
    "semicolons": rows("name;RAdeg;DEdeg", ";"),
    "tabs": rows("name\tRAJ2000\tDEJ2000", "\t"),
    "bars": rows("name|ra|dec", "|"),
    "comments": "# made by hand\n#\n" + rows("name,ra,dec", ",") + "# the end\n",
    "header in a comment": "# a list\n" + rows("# name,ra,dec", ","),
    "hours": rows("name,RA (hours),DEC (deg)", ",", RA_HOURS),
    "hours in brackets": rows("name,RA [h],DEC [deg]", ",", RA_HOURS),
    "radians": rows("name,ra (rad),dec (rad)", ",", [math.radians(x) for x in RA_DEG],
                    [math.radians(x) for x in DEC_DEG]),
    "sexagesimal": rows("name,ra,dec", ",", ["23:28:23.88", "00:42:00"], ["+00:03:00", "-00:15:00"]),
    "sexagesimal degrees": rows("name,ra (deg),dec (deg)", ",", ["352:05:58.2", "10:30:00"],
                                ["+00:03:00", "-00:15:00"]),
    "vizier": "#RESOURCE=x\n" + rows("name\t_RAJ2000\t_DEJ2000\n\tdeg\tdeg\n---\t----\t----", "\t"),
    "vizier in hours": rows("name\tRAJ2000\tDEJ2000\n\thour\tdeg\n---\t----\t----", "\t", RA_HOURS),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separated_text_of_every_form_gives_the_same_lenses(tmp_path, case, encoding):
    path = tmp_path / "list"
    path.write_bytes(TEXTS[case].replace("\n", "\r\n").encode(encoding))
    assert taken(path) == expected()


@pytest.mark.parametrize("kind", ["fits", "votable", "ascii.ecsv"])
@pytest.mark.parametrize("unit", ["deg", "hourangle", "rad"])
@pytest.mark.parametrize("is_gzipped", [False, True])
def test_tables_that_astropy_writes_give_the_same_lenses(tmp_path, kind, unit, is_gzipped):
    factor = {"deg": 1, "hourangle": 1 / 15, "rad": math.pi / 180}[unit]
    table = Table({"name": NAMES, "RA": [x * factor for x in RA_DEG], "DEC": DEC_DEG})
    table["RA"].unit, table["DEC"].unit = unit if unit != "hourangle" else "hour", "deg"
    path = tmp_path / "list"
    table.write(path, format=kind)
    if is_gzipped:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert taken(path) == expected()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name,ra (furlong),dec\na,1,2\n", "wrong_unit"),
        (b"name,ra,dec (hours)\na,1,2\n", "wrong_unit"),
        (b"name,redshift\na,1\n", "missing_columns"),
        (b"\x1b[31mname\x07,redshift\na,1\n", "missing_columns"),
        (b"name,ra,dec\0\na,1,2\n", "unreadable"),
        (b"", "missing_columns"),
        (gzip.compress(b"name,ra,dec\na,1,2\n")[:-9], "file_truncated"),
        (b"SIMPLE  =                    T", "unreadable"),
        (b"<?xml version='1.0'?><html/>", "unreadable"),
        (b"# %ECSV 1.0\n# ---\n", "unreadable"),
    ],
)
def test_what_is_no_list_is_refused_with_printable_words(tmp_path, content, reason):
    path = tmp_path / "list"
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        taken(path)
    assert refused.value.reason_code == reason
    assert str(refused.value).isprintable()


def test_a_lens_without_a_position_is_kept_wherever_it_stands(tmp_path):
    path = tmp_path / "list"
    path.write_text("name,ra,dec\na,-,-\nb,1,2\nc,3,4\n")
    assert [name for name, *_ in taken(path)] == ["a", "b", "c"]


def test_names_and_texts_may_hold_what_other_formats_read_as_marks(tmp_path):
    path = tmp_path / "list"
    path.write_text("name,ra,dec,ref\n#12,10,20,a\nJ1\x85x,11,21,\x0cet al\n# the end\n")
    assert [name for name, *_ in taken(path)] == ["#12", "J1\x85x"]


def test_a_table_with_columns_that_are_no_numbers_is_read_or_refused(tmp_path):
    """Astropy itself writes such columns into ECSV."""
    path = tmp_path / "list"
    table = Table({"name": NAMES, "ra": RA_DEG, "dec": DEC_DEG})
    table["where"] = SkyCoord(RA_DEG, DEC_DEG, unit="deg")
    table["when"] = Time([51544.5, 51545.5], format="mjd")
    table.write(path, format="ascii.ecsv")
    assert taken(path) == expected()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400), st.integers(0, 200), st.sampled_from(sorted(TEXTS)))
def test_any_bytes_are_a_list_or_a_refusal(tmp_path, noise, place, case):
    text = TEXTS[case].encode()
    path = tmp_path / "list"
    path.write_bytes(text[:place] + noise + text[place:])
    with suppress(FileRefused):
        taken(path)
