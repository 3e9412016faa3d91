"""Rules that several suites share."""

from collections.abc import Iterable

from expectations.suite import Check, always, among, between, holds, no_rows
from store.survey_files import BRICK_NAME

SPLITS = ("train", "val", "test")
SOURCE_TYPES = ("PSF", "REX", "EXP", "DEV", "SER", "DUP")


def sky_position(ra: str = "ra", dec: str = "dec") -> tuple[Check, ...]:
    """Expect RA in [0, 360) and declination in [-90, 90], degrees."""
    return (
        always(f"{ra}_in_range", f"{ra} >= 0 and {ra} < 360", column=ra, why="0 <= RA < 360 deg"),
        between(dec, -90, 90),
    )


def brick_name() -> Check:
    """Expect brick names of the survey's form, since names become paths."""
    return always(
        "brickname_has_survey_form",
        f"regexp_full_match(brickname, '{BRICK_NAME.replace('{', '{{').replace('}', '}}')}')",
        column="brickname",
        why="Like 0001m002: names become paths.",
    )


def all_splits_have_members(column: str, within: Iterable[str] = ()) -> Check:
    """Expect rows of train, val and test, in every group by ``within``."""
    groups = ", ".join(within)
    counted = f"count(distinct {column}) filter (where {column} in ({sql_list(SPLITS)}))"
    if groups:
        query = f"select {groups} from {{batch}} group by all having {counted} < {len(SPLITS)}"
        return no_rows("every_split_has_members", query)
    return holds("every_split_has_members", f"(select {counted} from {{batch}}) = {len(SPLITS)}")


def reasoned(is_ok: str, codes: Iterable[str]) -> tuple[Check, ...]:
    """Expect a known reason code exactly where something is not ok."""
    return (
        always(
            "reason_where_not_ok",
            f"({is_ok}) = (reason_code is null)",
            why="What failed says why, and what did not fail does not.",
        ),
        among("reason_code", codes, when="reason_code is not null", why="In seeds/reason_codes."),
    )


def sql_list(values: Iterable[str]) -> str:
    """Quote strings as the inside of a SQL list."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
