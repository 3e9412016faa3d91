"""The rules of SQL files that sqlfluff cannot see: the bodies of macros, and of generic tests."""

import re

import pytest

from tests.places import PROJECT

FOLDERS = ("macros", "tests/dbt", "models")
FILES = [
    path
    for folder in FOLDERS
    for path in sorted((PROJECT / folder).rglob("*.sql"))
    if path.stat().st_size
]
MAX_LINE = 130
MAX_MODEL, MAX_FILE = 120, 400
KEYWORDS = re.findall(
    r"\w+",
    """
    select from where group by order having join left inner cross on using as and or not in is null
    case when then else end with union all distinct between over partition filter exists qualify
    limit true false insert into create replace table
    """,
)
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.S)
LITERAL = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
FORBIDDEN = {
    "a regular expression over SQL": re.compile(r"modules\.re\b"),
    "a replacement in SQL": re.compile(r"(compiled_code|sql)\s*\|\s*replace\((?!\"'\", \"''\"\))"),
    "a subquery of a star": re.compile(r"select \*\s+from \(", re.I),
    "a random draw": re.compile(r"\brandom\(\)"),
}


def sql_of(text):
    """Return a file's SQL, with letters for Jinja, comments and literals."""
    for pattern, letter in ((JINJA, "j"), (COMMENT, "c"), (LITERAL, "l")):
        text = pattern.sub(lambda found: re.sub(r"[^\n]", letter, found[0]), text)  # noqa: B023
    return text


def faults(text):
    """Return every fault of a file's text, with its line."""
    found = [
        f"{number}: {fault}"
        for number, line in enumerate(text.split("\n"), 1)
        for fault, is_there in (
            ("tab", "\t" in line),
            ("blanks at the end", line != line.rstrip()),
            ("longer than a line may be", len(line) > MAX_LINE),
        )
        if is_there
    ]
    if not text.endswith("\n") or text.endswith("\n\n"):
        found.append("the end of the file is not one line break")
    found += [f"{name}" for name, pattern in FORBIDDEN.items() if pattern.search(text)]
    for number, line in enumerate(sql_of(text).split("\n"), 1):
        words = re.findall(r"\b[A-Z]{2,}\b", line)
        found += [f"{number}: {word} in capitals" for word in words if word.lower() in KEYWORDS]
        found += [
            f"{number}: {name} in capitals" for name in re.findall(r"\b[A-Z_]{3,}(?=\()", line)
        ]
        if re.search(r",[^\sj]", line):
            found.append(f"{number}: no blank after a comma")
        if re.search(r"\s,", line.rstrip()) and not line.lstrip().startswith(","):
            found.append(f"{number}: a blank before a comma")
        if re.search(r"\S  +\S", line):
            found.append(f"{number}: two blanks")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_sql_is_written_as_the_house_writes_it(path):
    text = path.read_text()
    assert faults(text) == []
    assert len(text.splitlines()) <= MAX_FILE


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.is_relative_to(PROJECT / "models")],
    ids=lambda path: path.stem,
)
def test_a_model_is_short(path):
    assert len(path.read_text().splitlines()) <= MAX_MODEL


GOOD = "{% macro a(b) -%}\n    count(*) filter (where {{ b }} != 'A  B,C')\n{%- endmacro %}\n"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("count(*)", "COUNT(*)"),
        ("where", "WHERE"),
        ("    count", "\tcount"),
        ("filter (", "filter  ("),
        ("C')", "C') "),
        ("endmacro %}\n", "endmacro %}"),
        ("count(*)", "least(1,2)"),
        ("count(*)", "least(1 , 2)"),
        ("count(*)", "count(*)" + " + 1" * 40),
        ("count(*)", "random()"),
        ("{{ b }}", "{{ modules.re.sub('a', 'b', b) }}"),
        ("{{ b }}", "{{ compiled_code | replace('a', 'b') }}"),
        ("{{ b }}", "(select * from (select 1))"),
    ],
)
def test_each_fault_is_found(good, bad):
    assert faults(GOOD) == []
    assert faults(GOOD.replace(good, bad)) != []
