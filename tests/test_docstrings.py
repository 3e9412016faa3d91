"""Docstrings by one rule: a short first line that commands, and shapes where arrays pass."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("store", "udfs", "pixels", "injection", "ingest", "expectations", "report")
LONGEST = 72
ARRAYS = (
    "np.ndarray",
    "ArrayLike",
    "pa.Array",
    "pa.ChunkedArray",
    "pa.StructArray",
    "pa.RecordBatch",
    "pa.Table",
    "pl.DataFrame",
    "pl.LazyFrame",
    "pl.Series",
)
# First words of functions. A word that is missing here is no verb, or joins the list on purpose.
WORDS = """
    Accept Account Add Aim Allow Append Apply Ask Assign Attach Await Blur Bring Build Call
    Cancel Check Choose Classify Clear Close Collect Colour Compare Compile Compress Compute
    Configure Connect Convert Convolve Copy Correct Count Create Cut Decide Declare Decode
    Decompress Delete Describe Digest Divide Do Download Draw Drop Empty Encode End Ensure
    Estimate Evaluate Exempt Expect Explain Export Extract Fail Fetch Fill Find Finish Fit Flag
    Follow Forget Format Gather Give Group Halve Hand Hash Have Hold Inject Insert Integrate
    Join Keep Label Lay Leave Let List Load Lock Log Look Lower Make Map Mark Match Measure
    Merge Move Name Number Open Order Pack Paint Parse Pick Place Plan Plot Prepare Print
    Publish Put Query Quote Raise Read Record Reduce Refuse Register Remember Remove Rename
    Render Repeat Replace Report Reserve Resolve Restore Retry Return Reuse Round Run Sample
    Save Say Scale Score Search Select Send Serve Set Share Shift Show Shuffle Sign Simulate
    Sort Split Start Stop Store Stream Sum Swap Take Tell Test Touch Trace Translate Trim Try
    Turn Undo Unfold Unite Unpack Update Upload Use Validate Verify Wait Walk Warn Weigh Write
    Yield
"""
VERBS = frozenset(WORDS.split())

Node = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """A documented thing: its file, its node, and whether others may use it."""

    file: Path
    node: Node
    is_public: bool

    def __str__(self) -> str:
        name = getattr(self.node, "name", "module")
        return f"{self.file.name}:{getattr(self.node, 'lineno', 1)} {name}"


def places(file: Path) -> Iterator[Place]:
    """Walk a module, its classes, functions and methods, but nothing inside of functions."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    yield Place(file, module, is_public=True)
    waiting = [(node, True) for node in module.body]
    while waiting:
        node, is_public = waiting.pop()
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            is_public = is_public and not node.name.startswith("_")
            yield Place(file, node, is_public)
            if isinstance(node, ast.ClassDef):
                waiting += [(inner, is_public) for inner in node.body]


def is_function(place: Place) -> bool:
    """Return whether a place is a function that computes or does something."""
    return isinstance(place.node, (ast.FunctionDef, ast.AsyncFunctionDef))


def undocumented(place: Place) -> str | None:
    """Find what is public and has no docstring."""
    if place.is_public and not ast.get_docstring(place.node):
        return "has no docstring"
    return None


def untidy_first_line(place: Place) -> str | None:
    """Find first lines that are too long or do not end."""
    first = (ast.get_docstring(place.node) or ".").splitlines()[0]
    if len(first) > LONGEST:
        return f"has a first line of {len(first)} characters"
    return None if first.endswith(".") else "has a first line without a full stop"


def no_command(place: Place) -> str | None:
    """Find functions whose docstring does not begin with a verb."""
    words = (ast.get_docstring(place.node) or "").split()
    if is_function(place) and words and words[0] not in VERBS:
        return f"begins with {words[0]!r}"
    return None


def annotations(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """List the annotations of a function with the section that has to explain them."""
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if argument.annotation is not None:
            yield "Parameters", ast.unparse(argument.annotation)
    if function.returns is not None:
        yield "Returns", ast.unparse(function.returns)


def unexplained_arrays(place: Place) -> str | None:
    """Find public functions of arrays without the section that states their shape."""
    if not (place.is_public and is_function(place)):
        return None
    assert isinstance(place.node, (ast.FunctionDef, ast.AsyncFunctionDef))
    doc = ast.get_docstring(place.node) or ""
    for section, annotation in annotations(place.node):
        is_array = any(name in annotation for name in ARRAYS)
        heads = [section] if section == "Parameters" else ["Returns", "Yields"]
        if is_array and not any(f"\n{head}\n{'-' * len(head)}\n" in doc for head in heads):
            return f"takes or returns {annotation} and has no section {section}"
    return None


RULES = (undocumented, untidy_first_line, no_command, unexplained_arrays)


def faults(root: Path, package: str) -> list[str]:
    """List all faults of a package."""
    return [
        f"{package}: {place} {fault}"
        for file in sorted((root / package).rglob("*.py"))
        for place in places(file)
        for rule in RULES
        if (fault := rule(place))
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_keep_the_rules(package):
    assert faults(ROOT, package) == []


def test_every_package_of_the_project_is_held():
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert found == set(PACKAGES)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1", "module has no docstring"),
        ('"""Doc."""\ndef f(): ...', "f has no docstring"),
        ('"""Doc."""\nclass C:\n    """Doc."""\n    def f(self): ...', "f has no docstring"),
        (f'"""{"x" * LONGEST}."""', "has a first line of 73 characters"),
        ('"""Doc"""', "has a first line without a full stop"),
        ('"""Doc."""\ndef _f():\n    """The number."""', "begins with 'The'"),
        (
            '"""Doc."""\ndef f(x: np.ndarray | None):\n    """Return x."""',
            "takes or returns np.ndarray | None and has no section Parameters",
        ),
        (
            '"""Doc."""\ndef f() -> tuple[pa.Array, int]:\n    """Return x."""',
            "takes or returns tuple[pa.Array, int] and has no section Returns",
        ),
    ],
)
def test_each_rule_sees_what_breaks_it(tmp_path, text, fault):
    (tmp_path / "room").mkdir()
    (tmp_path / "room/nouns.py").write_text(text)
    (found,) = faults(tmp_path, "room")
    assert found.endswith(fault)


def test_what_keeps_the_rules_is_not_blamed(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room/nouns.py").write_text(
        '"""Doc."""\n'
        "def f(x: np.ndarray) -> np.ndarray:\n"
        '    """Return x.\n\n    Parameters\n    ----------\n    x : (n,) float\n\n'
        '    Returns\n    -------\n    (n,) float\n    """\n'
        "    def inner(): ...\n"
        "def _g(): ...\n"
        "class _C:\n    def f(self): ...\n"
    )
    assert faults(tmp_path, "room") == []
