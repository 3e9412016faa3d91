"""dbt's pages open from a folder, without a server and without the network."""

import pytest

from report import dbt_docs

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    """dbt's pages of this project, of a lake that is still empty."""
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DHS_LAKE", str(folder / "lake"))
        return dbt_docs.write_dbt_docs(folder)


def test_a_table_with_its_description_is_shown(docs, browse):
    with browse(docs) as tab:
        tab.wait_for_function(
            "document.body.innerText.includes('dark_halo_scope')", timeout=120_000
        )
        tab.evaluate("location.hash = '#!/model/model.dark_halo_scope.completeness_cells'")
        tab.wait_for_function(
            "document.body.innerText.includes('One row per cube, experiment, cell, rule and quality')",
            timeout=120_000,
        )


def test_what_dbt_says_is_handed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("DHS_LAKE", str(tmp_path / "lake"))
    with pytest.raises(dbt_docs.DocsError, match="nonsense"):
        dbt_docs.run_dbt("nonsense")
