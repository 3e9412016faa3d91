"""Suites of `injection_gates` and `injection_forecast`."""

from expectations.seeds import seed_rows
from expectations.suite import Check, Suite, always, equal, holds, no_rows, same_rows
from store.project import Settings

ROUNDING = 1e-9


def gates(settings: Settings) -> Suite:
    """Return the suite of the gates.

    NO-GO is a result: the suite asks whether a verdict is right, not whether it is GO.
    """
    return Suite(
        table="injection_gates",
        grain="One row per tier and gate.",
        key=("tier", "gate"),
        columns=("next_tier", "is_go", "value", "limit_low", "limit_high", "n_tasks", "meaning"),
        checks=(
            same_rows("every_tier_has_every_gate", "tier, gate", _wanted(settings)),
            _verdict_follows_from_the_value(settings),
            holds(
                "tiers_lead_to_the_next",
                f"(select list(next_tier order by tier) from ({_next_tiers(settings)})) ="
                " (select list(next_tier order by tier) from"
                " (select distinct tier, next_tier from {batch}))",
            ),
            equal(
                "tasks_are_those_of_the_injections",
                "select coalesce(sum(n_tasks), 0) from (select distinct tier, n_tasks from {batch})",
                "select count(*) from injections",
            ),
            *(_value_is_recounted(gate, query) for gate, query in RECOUNTED.items()),
        ),
    )


# The same numbers by other means than the model's.
RECOUNTED = {
    "task_success": "select tier, count_if(cutout_ok) / count(*) as value from injections group by 1",
    "metrics_success": (
        "select tier, 1 - count_if(not metrics_ok) / count(*) as value from injections group by 1"
    ),
    "unexplained_failures": (
        "select tier, sum(case when metrics_ok or reason_code <> '' then 0 else 1 end) as value"
        " from injections group by 1"
    ),
    "control_arcs": (
        "select tier, sum(if(is_control and (arc_snr is not null or magnification is not null),"
        " 1, 0)) as value from injections group by 1"
    ),
    "lowest_magnification": (
        "select distinct on (tier) tier, magnification as value from injections"
        " where magnification is not null order by tier, magnification"
    ),
    "worst_flux_closure": (
        "select tier, greatest(max(flux_closure) - 1, 1 - min(flux_closure)) as value"
        " from injections where not flux_error_flag group by 1"
    ),
    "registration_pix": (
        "select tier, max(greatest(abs(2 * (x_pix - stamp_x0_pix) - stamp_size + 1),"
        " abs(2 * (y_pix - stamp_y0_pix) - stamp_size + 1)) / 2) as value"
        " from injections where cutout_ok group by 1"
    ),
}


def _wanted(settings: Settings) -> str:
    names = ", ".join(f"'{row['gate']}'" for row in seed_rows("gate_limits"))
    return f"select * from ({_tiers(settings)}) cross join (select unnest([{names}]) as gate)"


def _tiers(settings: Settings) -> str:
    listed = ", ".join(f"'{tier}'" for tier in settings["tiers"])
    return f"select unnest([{listed}]) as tier"


def _next_tiers(settings: Settings) -> str:
    following = [f"'{tier}'" for tier in settings["tiers"][1:]] + ["null"]
    return f"{_tiers(settings)}, unnest([{', '.join(following)}]) as next_tier"


def _limits(settings: Settings) -> str:
    """Return the seed with limits as numbers and exempt tiers as a list."""
    success = settings["min_metrics_ok_fraction"][settings["survey_size"]]
    rows = (
        "('{gate}', '{low}'::double, '{high}'::double, {exempt}::varchar[])".format(
            gate=row["gate"],
            low=success if row["is_success_gate"] == "true" else row["limit_low"] or "-inf",
            high=row["limit_high"] or "inf",
            exempt=row["exempt_tiers"].split(),
        )
        for row in seed_rows("gate_limits")
    )
    return f"select * from (values {', '.join(rows)}) as limits (gate, low, high, exempt)"


def _verdict_follows_from_the_value(settings: Settings) -> Check:
    return no_rows(
        "verdict_follows_from_the_value",
        f"""
        select gates.tier, gate, gates.value, gates.is_go, limits.low, limits.high
        from {{batch}} as gates inner join ({_limits(settings)}) as limits using (gate)
        where gates.is_go is distinct from (
            (gates.value is not null and gates.value between limits.low and limits.high)
            or list_contains(limits.exempt, gates.tier)
        )
        """,
        why="By the limits of the seed; a gate without a number is shut, but for exempt tiers.",
    )


def _value_is_recounted(gate: str, query: str) -> Check:
    return no_rows(
        f"{gate}_is_that_of_the_injections",
        f"""
        select gates.tier, gates.value, recounted.value as expected
        from (select * from {{batch}} where gate = '{gate}') as gates
        full join ({query}) as recounted using (tier)
        where (abs(gates.value - recounted.value) <= {ROUNDING}) is not true
            and (gates.value is not null or recounted.value is not null)
        """,
        why="Counted again, in another way.",
    )


def forecast() -> Suite:
    """Return the suite of the forecast of each tier that has tasks."""
    return Suite(
        table="injection_forecast",
        grain="One row per tier that has tasks.",
        key=("tier",),
        columns=("is_go", "n_tasks", "n_renders", "n_stamps", "seconds_here", "core_seconds"),
        checks=(
            same_rows("tiers_are_those_with_tasks", "tier", "select tier from injection_tasks"),
            equal(
                "tasks_are_counted_once",
                "select sum(n_tasks) from {batch}",
                "select count(*) from injection_tasks",
            ),
            always(
                "no_more_renders_than_tasks",
                "n_renders between 1 and n_tasks and n_stamps between 1 and n_tasks",
            ),
            always(
                "time_and_space_are_known",
                "seconds_here > 0 and core_seconds >= seconds_here"
                " and coalesce(stamp_bytes > 0, true)",
                why="There was a run; metrics_only writes no stamps.",
            ),
            no_rows(
                "verdict_is_that_of_the_gates_before",
                """
                select forecast.tier, forecast.is_go, before.is_go as expected
                from {batch} as forecast
                left join (
                    select next_tier, count_if(not is_go) = 0 as is_go
                    from injection_gates group by next_tier
                ) as before on forecast.tier = before.next_tier
                where forecast.is_go is distinct from before.is_go
                """,
                why="Null for the first tier.",
            ),
        ),
    )
