"""A report of the embedded survey says so, and one of the real survey does not."""

import shutil

import duckdb
import pytest

from pixels.cards import map_file, read_hdus
from report.page import write_page
from report.survey import is_embedded, subtitle_and_warning
from store.survey_files import EMBEDDED_PIPELINE


def lake_of(bricks=None, cutouts=None):
    """A lake whose brick table and cutouts were made by a pipeline, or that lacks them."""
    lake = duckdb.connect()
    for table, pipeline in (("raw_bricks", bricks), ("cutout_pixels", cutouts)):
        if pipeline is not None:
            lake.execute(f"create table {table} as select nullif(?, '') as pipeline", [pipeline])
    return lake


@pytest.mark.parametrize(
    ("bricks", "cutouts", "expected"),
    [
        (EMBEDDED_PIPELINE, None, True),
        ("", None, False),  # DR10's brick table names no pipeline
        ("", "DR10.0.1", False),
        ("", EMBEDDED_PIPELINE, True),
        (EMBEDDED_PIPELINE, "DR10.0.1", True),
        (None, None, False),
    ],
)
def test_the_lake_tells_which_survey_it_is_of(bricks, cutouts, expected):
    assert is_embedded(lake_of(bricks, cutouts)) is expected


def test_a_lake_of_an_earlier_version_is_of_the_survey_that_its_cutouts_name():
    lake = lake_of(cutouts=EMBEDDED_PIPELINE)
    lake.execute("create table raw_bricks (brickname varchar)")
    assert is_embedded(lake)


def test_ingest_tells_the_lake_of_a_copied_survey(embedded_survey, tmp_path, run, query):
    """The name comes with the file, wherever it lies."""
    name = "survey-bricks-dr10-south.fits.gz"
    copied = shutil.copy(embedded_survey / "south" / name, tmp_path / name)
    assert run("bricks", "--source", copied) == 0
    assert query("select distinct pipeline from raw_bricks") == [(EMBEDDED_PIPELINE,)]


def test_the_images_of_the_embedded_survey_name_the_same_pipeline(embedded_survey):
    image = next(embedded_survey.glob("south/coadd/*/*/*-image-r.fits.fz"))
    stated = {hdu.text("LEGPIPEV") for hdu in read_hdus(map_file(image))}
    assert EMBEDDED_PIPELINE in stated


def test_the_page_of_synthetic_pixels_warns_and_does_not_ask_about_dr10(tmp_path):
    subtitle, warning = subtitle_and_warning(lake_of(EMBEDDED_PIPELINE))
    page = write_page([], tmp_path, title="Title", subtitle=subtitle, warning=warning).read_text()
    assert page.index("Synthetic survey, not DR10") < page.index("<h1>")
    assert "Imaging Surveys DR10?" not in page


def test_the_page_of_the_real_survey_has_no_warning(tmp_path):
    subtitle, warning = subtitle_and_warning(lake_of("", "DR10.0.1"))
    page = write_page([], tmp_path, title="Title", subtitle=subtitle, warning=warning).read_text()
    assert 'class="warning"' not in page
    assert "Imaging Surveys DR10?" in page
