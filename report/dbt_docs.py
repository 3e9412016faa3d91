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


PARSED = ("manifest.json", "partial_parse.msgpack")
FOLDERS = ("models", "macros", "seeds", "tests/dbt")  # that dbt parses


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
        options = ("--quiet", "--target-path", target, "--log-path", target)
        if not copy_parsed(Path(target)):
            run_dbt("parse", *options)
        run_dbt("docs", "generate", "--static", "--no-compile", *options)
        page = (Path(target) / "static_index.html").read_text()
    return write_whole(folder / "dbt" / "index.html", self_contained(page).encode())


def copy_parsed(target: Path) -> bool:
    """Copy what the last run of dbt parsed; tell if the project is as it was.

    Reading every model again takes dbt as long as writing its pages.
    """
    last = Path(os.environ.get("DBT_TARGET_PATH", PROJECT / "target"))
    if not all((last / name).is_file() for name in PARSED):
        return False
    for name in PARSED:
        shutil.copy(last / name, target)
    parsed_at = (last / PARSED[0]).stat().st_mtime
    files = [file for folder in FOLDERS for file in (PROJECT / folder).rglob("*")]
    return all(file.stat().st_mtime < parsed_at for file in [PROJECT / "dbt_project.yml", *files])


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
