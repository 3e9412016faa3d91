"""dbt's own pages as one file.

They show every table, column, unit and test, and the lineage.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from store.failures import CommandError
from store.files import write_whole
from store.project import PROJECT

# What a browser would fetch when the page is opened from a folder, before dbt's script replaces it.
FETCHED = {
    "xlink:href=\"{{ getIcon(": "ng-attr-xlink:href=\"{{ getIcon(",
    "${require('./assets/favicons/favicon.ico')}": "data:,",
}  # fmt: skip


PARSED = "partial_parse.msgpack"


class DocsError(CommandError):
    """dbt could not write its pages; the message holds what it said."""


def write_dbt_docs(folder: Path) -> Path:
    """Write ``dbt/index.html`` into a folder; return the page's path.

    Raises
    ------
    DocsError
        When dbt fails.
    """
    with tempfile.TemporaryDirectory(prefix="dbt-docs-") as target:
        parsed = Path(os.environ.get("DBT_TARGET_PATH", PROJECT / "target")) / PARSED
        if parsed.is_file():  # by the last run, which spares dbt the reading of every model
            shutil.copy(parsed, target)
        for command in (["parse"], ["docs", "generate", "--static", "--no-compile"]):
            run_dbt(*command, "--quiet", "--target-path", target, "--log-path", target)
        page = (Path(target) / "static_index.html").read_text()
    return write_whole(folder / "dbt" / "index.html", self_contained(page).encode())


def run_dbt(*arguments: str) -> None:
    """Run dbt on this project and on the lake that the environment names."""
    command = [str(Path(sys.executable).parent / "dbt"), *arguments]
    environment = {"DBT_PROFILES_DIR": str(PROJECT), **os.environ}
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DocsError(f"dbt {' '.join(arguments)} failed: {(done.stdout + done.stderr)[-1000:]}")


def self_contained(page: str) -> str:
    """Return the page without addresses that a browser would try to open."""
    for address, instead in FETCHED.items():
        page = page.replace(address, instead)
    return page
