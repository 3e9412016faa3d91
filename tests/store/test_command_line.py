"""Command lines: what is wrong is one sentence, and every example in the help can be run."""

import importlib
import shlex

import duckdb
import pytest
import typer

from store.command_line import INTERRUPTED, command_line, run_command
from store.failures import CommandError

PROGRAM = "python -m trial"


def trial(raised=None, returned=None):
    app = command_line()

    @app.command()
    def go(number: int = 0) -> int | None:
        """Do it."""
        if raised is not None:
            raise raised
        return returned

    return app


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1)])
def test_a_command_ends_with_what_it_returns(returned, code):
    assert run_command(trial(returned=returned), PROGRAM, []) == code


@pytest.mark.parametrize(
    ("raised", "sentence"),
    [
        (CommandError("name a source"), "name a source"),
        (FileNotFoundError(2, "No such file", "/x"), "/x: No such file"),
        (OSError(28, "No space left on device", "/x"), "the disk is full (/x): make room and run"),
        (duckdb.IOException("IO Error: database is locked"), "another command is writing to the"),
        (duckdb.CatalogException("no table t\nLINE 1"), "the lake refused: no table t\n"),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(capsys, raised, sentence):
    assert run_command(trial(raised), PROGRAM, []) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {sentence}")
    assert said.count("\n") == 1


def test_a_wrong_option_names_the_help(capsys):
    assert run_command(trial(), PROGRAM, ["--nomber", "1"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.endswith(f"'{PROGRAM} --help' lists what there is\n")


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), typer.Abort()])
def test_an_interrupted_command_says_how_to_go_on(capsys, raised):
    assert run_command(trial(raised), PROGRAM, []) == INTERRUPTED
    assert capsys.readouterr().err == "error: interrupted; run the same command again to go on\n"


def test_a_programming_error_keeps_its_traceback():
    app = trial(ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError):
        run_command(app, PROGRAM, [])


def commands():
    """Every command of the project, with the name of its module."""
    for module in ("ingest", "expectations", "report"):
        app = importlib.import_module(f"{module}.__main__").app
        root = typer.main.get_command(app)
        for command in getattr(root, "commands", {"": root}).values():
            yield pytest.param(module, root, command, id=f"{module} {command.name}")


@pytest.mark.parametrize(("module", "root", "command"), list(commands()))
def test_the_help_of_a_command_ends_with_an_example_that_it_understands(
    module, root, command, capsys
):
    start, _, example = command.epilog.partition(": ")
    assert start == "Example"
    python, option, name, *arguments = shlex.split(example)
    assert (python, option, name) == ("python", "-m", module)
    if command is not root:
        assert arguments.pop(0) == command.name
    command.make_context(name, arguments)  # raises for what it does not know
    assert command.help.split("\n")[0].endswith(".")
