"""dbt as the tests run it: a process of its own on a lake of its own, the project parsed once."""

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.places import PROJECT

PARSED = "partial_parse.msgpack"
_parsed_projects = Path(tempfile.mkdtemp(prefix="parsed_"))
atexit.register(shutil.rmtree, _parsed_projects, ignore_errors=True)


def run_dbt(folder, *arguments, check=False, **variables):
    """Run dbt on ``folder/lake``, with target and logs beside it; the finished process.

    Parsing takes dbt longer than most stages of a test's lake, and is the same for every lake, so
    what one run parsed is handed to the next one that has the same arguments for ``--vars``.
    """
    arguments = [str(argument) for argument in arguments]
    parsed = _parsed_projects / hashlib.md5(_vars(arguments).encode()).hexdigest()
    target = folder / "target"
    target.mkdir(parents=True, exist_ok=True)
    if parsed.exists() and not (target / PARSED).exists():
        shutil.copy(parsed, target / PARSED)
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments],
        cwd=PROJECT,
        env=os.environ | environment(folder) | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if (target / PARSED).exists() and not parsed.exists():
        shutil.copy(target / PARSED, parsed)
    assert finished.returncode == 0 or not check, finished.stdout[-4000:] + finished.stderr[-2000:]
    return finished


def environment(folder):
    """The environment variables of a run in a folder."""
    return {
        "DHS_LAKE": str(folder / "lake"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
        "DO_NOT_TRACK": "1",
    }


def _vars(arguments):
    return arguments[arguments.index("--vars") + 1] if "--vars" in arguments else ""
