"""Great Expectations suites of every published table, and their runner.

A stage has one module here (`expectations.suites.manifests`, ...) with a function ``suites(settings)``
that returns one `Suite` per published table; `expectations.registry` lists the stages. Three ways
to run them:

- inside ``dbt build``: a model whose yml says ``data_tests: [passes_suite]`` is validated right
  after it is built, and what depends on a failing table is skipped;
- ``python -m expectations [stage ...]`` validates, lists what failed and writes pages;
- ``expectations.runner.validate`` from Python.

Writing a suite
---------------
::

    Suite(
        table="injection_tasks",
        grain="One row per task.",
        key=("task_id",),
        columns=("task_id", "brickname", "theta_e_arcsec", "is_control"),
        checks=(
            present("brickname"),
            between("theta_e_arcsec", 0, 5),
            always("control_has_no_lens", "theta_e_arcsec = 0", when="is_control"),
            equal("runnable_is_a_part", "select count(*) from {batch}", "select ..."),
            no_rows("host_has_brick", "select ... from {batch} anti join bricks using (brickname)"),
        ),
    )

Every suite begins, without being told, with: the columns are there, the table has rows, the key is
unique and never null. A table that may rightly be empty says in ``empty_unless`` which rows of
another table would have to be in it. A condition that comes out null counts as broken. Other tables
are named in the SQL as they are called in the lake; they must come before the suite's table in the
dbt graph, because the suite runs as soon as its table is there. Numbers come from ``settings`` (the
dbt vars) or from tables, never from the suite.
"""
