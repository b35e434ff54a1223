"""The condition that leaves out what guests asked, told and paid.

Whatever decides about the release, trains the next one or is watched reads the rows of the stack's own tenant alone, so
that no guest has a say in it. What is read by user needs no such condition, as the id of a user says whose they are.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause

from components.access.tenants import DEFAULT


def own(table: FromClause, tenant: str = DEFAULT) -> ColumnElement[bool]:
    """Rows of `tenant` in a table that has such a column."""
    condition: ColumnElement[bool] = table.c.tenant == tenant
    return condition
