"""A report of the embedded survey says so, and one of the real survey does not."""

import duckdb
import pytest

from ingest.embedded.layout import sites
from pixels.cards import map_file, read_hdus
from report.page import write_page
from report.survey import EMBEDDED_PIPELINE, is_embedded, subtitle_and_warning

NAMES = [site.brick.name for site in sites()]
FIELDS = [site.brick.name for site in sites() if not site.has_pixels]


def lake_of(bricks=None, pipeline=None):
    lake = duckdb.connect()
    if bricks is not None:
        lake.execute("create table raw_bricks as select unnest(?) as brickname", [bricks])
    if pipeline is not None:
        lake.execute("create table cutout_pixels as select ? as pipeline", [pipeline])
    return lake


@pytest.mark.parametrize(
    ("bricks", "pipeline", "expected"),
    [
        (NAMES, None, True),
        (FIELDS, None, True),  # made with some of its pixel bricks only
        (NAMES[:-20], None, False),
        ([*NAMES, "3599p900"], None, False),
        (["0001m002"], "DR10.0.1", False),
        (["0001m002"], EMBEDDED_PIPELINE, True),
        (None, None, False),
    ],
)
def test_the_lake_tells_which_survey_it_is_of(bricks, pipeline, expected):
    assert is_embedded(lake_of(bricks, pipeline)) is expected


def test_the_embedded_surveys_headers_say_what_the_report_looks_for(embedded_survey):
    image = next(embedded_survey.glob("south/coadd/*/*/*-image-r.fits.fz"))
    stated = {hdu.text("LEGPIPEV") for hdu in read_hdus(map_file(image))}
    assert EMBEDDED_PIPELINE in stated


def test_the_page_of_synthetic_pixels_warns_and_does_not_ask_about_dr10(tmp_path):
    subtitle, warning = subtitle_and_warning(lake_of(NAMES))
    page = write_page([], tmp_path, title="Title", subtitle=subtitle, warning=warning).read_text()
    assert page.index("Synthetic survey, not DR10") < page.index("<h1>")
    assert "Imaging Surveys DR10?" not in page


def test_the_page_of_the_real_survey_has_no_warning(tmp_path):
    subtitle, warning = subtitle_and_warning(lake_of(["0001m002"], "DR10.0.1"))
    page = write_page([], tmp_path, title="Title", subtitle=subtitle, warning=warning).read_text()
    assert 'class="warning"' not in page
    assert "Imaging Surveys DR10?" in page
