"""The rooms of the house: who may import whom, how many modules a room holds, how long a file is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Rooms that each room may import. Rooms that are missing here (benchmarks, tests) may import all.
MAY_IMPORT: dict[str, set[str]] = {
    "store": set(),
    "udfs": set(),
    "pixels": {"store", "udfs"},
    "injection": {"store", "udfs", "pixels"},
    "ingest": {"store", "udfs", "pixels", "injection"},
    "expectations": {"store", "udfs", "pixels", "injection"},
    "report": {"store", "udfs", "pixels", "expectations"},
    "models": {"store", "udfs", "injection"},
}
ROOMS = {*MAY_IMPORT, "benchmarks", "tests"}
MAX_MODULES = 15
LARGE_ROOMS = {
    "expectations/suites",
    "ingest/embedded",
}  # one module per table, per part of the survey
MAX_LINES = 400


def modules(root: Path, room: str) -> list[Path]:
    """Python files of a room, those of its inner rooms too."""
    return sorted((root / room).rglob("*.py"))


def imported_rooms(module: Path) -> set[str]:
    """Our top-level rooms that a module imports, also inside its functions."""
    names: list[str] = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return {name.split(".")[0] for name in names} & ROOMS


def imports_that_run_up(root: Path) -> Iterator[str]:
    """Imports that a room may not have."""
    for room, allowed in MAY_IMPORT.items():
        for module in modules(root, room):
            for other in sorted(imported_rooms(module) - allowed - {room}):
                yield f"{module.relative_to(root)} imports {other}"


def crowded_rooms(root: Path) -> Iterator[str]:
    """Folders with more modules than one keeps in mind."""
    for room in MAY_IMPORT:
        folders = {module.parent for module in modules(root, room)}
        for folder in sorted(folders):
            n = sum(module.name != "__init__.py" for module in folder.glob("*.py"))
            name = str(folder.relative_to(root))
            if n > MAX_MODULES and name not in LARGE_ROOMS:
                yield f"{name} holds {n} modules"


def repeated_names(root: Path) -> Iterator[str]:
    """Files whose name begins with the name of their folder, in the singular or the plural."""
    for room in MAY_IMPORT:
        for module in modules(root, room):
            folder = module.parent.name.rstrip("s")
            is_model = room == "models"  # named after its table
            if module.stem.startswith(folder) and not is_model:
                yield f"{module.relative_to(root)} repeats its folder's name"


def long_files(root: Path) -> Iterator[str]:
    """Files too long to be read at one sitting, tests and benchmarks among them."""
    for room in sorted(ROOMS):
        for module in modules(root, room):
            n = len(module.read_text(encoding="utf-8").splitlines())
            if n > MAX_LINES:
                yield f"{module.relative_to(root)} has {n} lines"


RULES = [imports_that_run_up, crowded_rooms, repeated_names, long_files]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule):
    assert list(rule(ROOT)) == []


def test_every_room_is_there():
    assert [room for room in ROOMS if not modules(ROOT, room)] == []


MUTATIONS = [
    (
        imports_that_run_up,
        "store/lake.py",
        "import ingest.survey\n",
        "store/lake.py imports ingest",
    ),
    (imports_that_run_up, "udfs/core/sie.py", "from store import lake\n", "imports store"),
    (imports_that_run_up, "pixels/wcs.py", "from injection.plan import x\n", "imports injection"),
    (
        imports_that_run_up,
        "injection/plan.py",
        "def f():\n    from ingest.survey import x\n",
        "imports ingest",
    ),
    (imports_that_run_up, "expectations/runner.py", "import ingest\n", "imports ingest"),
    (imports_that_run_up, "report/page.py", "import ingest.embedded.layout\n", "imports ingest"),
    (imports_that_run_up, "models/a/b.py", "import ingest\n", "imports ingest"),
    (repeated_names, "ingest/coadds/coadds.py", "", "repeats"),
    (repeated_names, "ingest/coadds/coadd_run.py", "", "repeats"),
    (repeated_names, "store/store.py", "", "repeats"),
    (long_files, "tests/test_x.py", "\n" * 401, "has 401 lines"),
    *[(crowded_rooms, f"udfs/core/m{i}.py", "", "udfs/core holds 16 modules") for i in (15,)],
]


@pytest.mark.parametrize(("rule", "name", "text", "says"), MUTATIONS)
def test_each_rule_sees_what_breaks_it(tmp_path, rule, name, text, says):
    if rule is crowded_rooms:
        (tmp_path / "udfs/core").mkdir(parents=True)
        for i in range(MAX_MODULES):
            (tmp_path / f"udfs/core/m{i}.py").touch()
        assert list(rule(tmp_path)) == []
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    (found,) = rule(tmp_path)
    assert says in found
