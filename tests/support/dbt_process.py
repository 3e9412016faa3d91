"""dbt as the tests run it: on lakes of their own, imported once and parsed once for each set of vars.

Importing dbt and Great Expectations takes longer than most stages of a test's lake. So one process
imports both and forks for each command: what runs has an environment, a folder and a memory of its
own, as a process that was started anew.
"""

import atexit
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.places import PROJECT

PARSED = "partial_parse.msgpack"
SCRATCH = Path(tempfile.mkdtemp(prefix="dbt_of_tests_"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)


def run_dbt(folder, *arguments, check=False, cwd=PROJECT, **variables):
    """Run dbt on ``folder/lake``, with target and logs beside it.

    Parsing is the same for every lake, so what one run parsed is handed to the next one that has the
    same project and ``--vars``.

    Returns
    -------
    subprocess.CompletedProcess
    """
    arguments = [str(argument) for argument in arguments]
    parsed = SCRATCH / hashlib.md5(f"{cwd} {_vars(arguments)}".encode()).hexdigest()
    target = folder / "target"
    target.mkdir(parents=True, exist_ok=True)
    if parsed.exists() and not (target / PARSED).exists():
        shutil.copy(parsed, target / PARSED)
    variables = os.environ | environment(folder) | variables
    finished = _server().run(["--no-use-colors", *arguments], cwd, variables)
    if (target / PARSED).exists() and not parsed.exists():
        shutil.copy(target / PARSED, parsed)
    assert finished.returncode == 0 or not check, finished.stdout[-4000:] + finished.stderr[-2000:]
    return finished


def environment(folder):
    """Name the environment variables of a run in a folder."""
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


class Server:
    """The process that has imported dbt; one command at a time."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.dbt_server"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments, cwd, variables):
        """Run one command of dbt; the finished process with its output."""
        said = {name: SCRATCH / name for name in ("stdout", "stderr")}
        order = {"arguments": arguments, "cwd": str(cwd), "environment": variables}
        order |= {name: str(path) for name, path in said.items()}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, "the process that runs dbt for the tests has ended"
        texts = {name: path.read_text(encoding="utf-8") for name, path in said.items()}
        return subprocess.CompletedProcess(["dbt", *arguments], int(answer), **texts)

    def close(self):
        """End the process, and wait for it so that its CPU time is counted."""
        self.process.stdin.close()
        self.process.wait()


@cache
def _server():
    server = Server()
    atexit.register(server.close)
    return server
