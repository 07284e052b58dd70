"""Triggers that keep append-only tables whole."""

import pgtrigger


def never_emptied(name: str) -> pgtrigger.Trigger:
    """Return a trigger that refuses TRUNCATE on the table.

    Test runs empty their own databases; their connections say so with `mdk.allow_flush`, which no other
    settings do.
    """
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=(
            "IF current_setting('mdk.allow_flush', true) = 'on' THEN RETURN NULL; END IF; "
            "RAISE EXCEPTION 'cannot empty an append-only table';"
        ),
    )
