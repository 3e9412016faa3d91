"""Suites and their checks: plain records with SQL for offending rows."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A rule about a table, by the query that returns the rows that break it.

    Parameters
    ----------
    name
        What is true of a good table, in snake case; unique within the suite.
    query
        SQL with ``{batch}`` for the table's name and ``{key}`` for the suite's key columns.
    why
        A sentence for the reader of the pages; empty where the name says it all.
    column
        The one column that the rule is about, when it is about one: null in it breaks the rule.
    when
        The rows that the rule is about; all when empty.
    """

    name: str
    query: str
    why: str = ""
    column: str = ""
    when: str = ""


@dataclass(frozen=True)
class Suite:
    """The expectations of one published table.

    Parameters
    ----------
    table
        Name of the table in the lake, and of the suite.
    grain
        What a row is.
    key
        Columns that tell rows apart; unique together, none null.
    columns
        Columns that must be there; more are allowed.
    checks
        Rules beyond columns, rows and key.
    empty_unless
        For a table that may rightly be empty: a query for the rows of other tables that call for
        a row here. Then the check for rows is that there are rows if this returns any.
    nullable_key
        Columns of the key in which null is a value, as for what lies outside all bins.
    """

    table: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    empty_unless: str = ""
    nullable_key: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [check.name for check in self.all_checks()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"suite {self.table}: two checks are called {', '.join(twice)}")

    def all_checks(self) -> tuple[Check, ...]:
        """Return the SQL rules, beginning with those that every suite has."""
        columns = _has_columns(dict.fromkeys((*self.key, *self.columns)))
        called_for = (_rows_where_called_for(self.empty_unless),) if self.empty_unless else ()
        return (*called_for, columns, *_key_rules(self), *self.checks)

    def query(self, check: Check, table: str = "") -> str:
        """Return a rule's query for the suite's table, or for another one."""
        return check.query.format(batch=table or self.table, key=", ".join(self.key))


def always(name: str, holds: str, *, when: str = "", why: str = "", column: str = "") -> Check:
    """Expect that ``holds`` is true of every row; null counts as broken.

    ``holds`` and ``when`` are SQL conditions on the row; with ``when``, only rows that meet it, or
    for which it is null, are looked at.
    """
    scope = f"({when}) is not false and " if when else ""
    shown = f"{{key}}, {column}" if column else "{key}"
    query = f"select {shown} from {{batch}} where {scope}({holds}) is not true"
    return Check(name, query, why, column, when)


def present(*columns: str, when: str = "", why: str = "") -> tuple[Check, ...]:
    """Expect that no column is null in any row (that meets ``when``)."""
    return tuple(
        always(f"{column}_is_present", f"{column} is not null", when=when, why=why, column=column)
        for column in columns
    )


def between(
    column: str, low: float | str, high: float | str, *, when: str = "", why: str = ""
) -> Check:
    """Expect values in [low, high], numbers or SQL; null and NaN are outside."""
    rule = f"{column} between {low} and {high}"
    return always(f"{column}_in_range", rule, when=when, why=why or rule, column=column)


def among(column: str, values: Iterable[str], *, when: str = "", why: str = "") -> Check:
    """Expect one of the values in a column; null is none of them."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    rule = f"{column} in ({listed})"
    return always(f"{column}_is_known", rule, when=when, why=why or rule, column=column)


def no_rows(name: str, query: str, *, why: str = "") -> Check:
    """Expect no rows of a query, which says ``{batch}`` for the table."""
    if "{batch}" not in query:
        raise ValueError(f"the query of {name} does not look at the table: it lacks {{batch}}")
    return Check(name, query, why)


def equal(name: str, left: str, right: str, *, why: str = "") -> Check:
    """Expect that two scalar queries have the same result, and not null."""
    query = (
        f"select * from (select ({left}) as observed, ({right}) as expected)"
        " where observed is distinct from expected or observed is null"
    )
    return no_rows(name, query, why=why)


def holds(name: str, condition: str, *, why: str = "") -> Check:
    """Expect that a condition on the table is true; null counts as broken."""
    return no_rows(name, f"select 1 as broken where ({condition}) is not true", why=why)


def same_rows(name: str, key: str, other: str, *, why: str = "") -> Check:
    """Expect that the table and another query have the same keys."""
    query = (
        f"select {key} from ({other}) except select {key} from {{batch}}"
        f" union all (select {key} from {{batch}} except select {key} from ({other}))"
    )
    return no_rows(name, query, why=why)


# Great Expectations' own expectations for columns and keys are not used: they reflect the table,
# which in DuckDB brings in like-named tables of other schemas and knows no lists.


def _has_columns(columns: Iterable[str]) -> Check:
    listed = ", ".join(f"'{column}'" for column in columns)
    query = (
        f"select missing from (select unnest([{listed}]) as missing)"
        " where missing not in (select column_name from (describe {batch}))"
    )
    return no_rows("has_columns", query, why=f"Among its columns are {listed}.")


def _key_rules(suite: Suite) -> tuple[Check, ...]:
    repeated = "select {key}, count(*) as n_rows from {batch} group by all having count(*) > 1"
    unique = no_rows("key_is_unique", repeated, why=f"The key is {', '.join(suite.key)}.")
    nulls = (
        no_rows(f"{column}_is_not_null", f"select {{key}} from {{batch}} where {column} is null")
        for column in suite.key
        if column not in suite.nullable_key
    )
    return (unique, *nulls)


def _rows_where_called_for(other: str) -> Check:
    query = (
        f"select count(*) as n_called_for from ({other})"
        " having count(*) > 0 and (select count(*) from {batch}) = 0"
    )
    return no_rows("has_rows_where_called_for", query, why="Rows are here if other tables ask.")
