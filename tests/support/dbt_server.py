"""The process behind `dbt_process`: reads commands as lines of JSON, forks for each, answers its code."""

import json
import os
import sys
import traceback
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecations inside Great Expectations at import
    from dbt.adapters.duckdb import DuckDBAdapter  # noqa: F401
    from dbt.cli.main import cli

    import udfs.dbt_plugin  # noqa: F401


def serve() -> None:
    """Run the commands one by one until there are no more."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            # No clean end: libraries would wait for threads that only the parent has.
            os._exit(_run(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(order: dict) -> int:
    """Be dbt: in the environment and the folder of the order, its output into two files."""
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
    sys.argv = ["dbt", *order["arguments"]]
    try:
        cli(order["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve()
