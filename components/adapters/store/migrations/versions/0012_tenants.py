"""Keys, requests, events and money belong to tenants; what is there already to the stack's own.

Only adds columns, and a part to the key of the day's money, so that the release before it runs on this schema; it opens
to no key of a guest, whose digest it cannot make.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("api_keys", "requests", "feedback", "llm_calls")
OWN = "default"


def upgrade() -> None:
    """Makes the columns, and the table of money anew, as SQLite cannot change a key."""
    for table in TABLES:
        op.add_column(table, sa.Column("tenant", sa.String(32), nullable=False, server_default=OWN))
    _money_anew(sa.Column("tenant", sa.String(32), nullable=False, server_default=OWN), by="day, tenant")


def downgrade() -> None:
    """Drops them; what guests spent is gone."""
    op.execute("DELETE FROM llm_budget WHERE tenant <> 'default'")
    _money_anew(None, by="day")
    for table in reversed(TABLES):
        op.drop_column(table, "tenant")


def _money_anew(tenant: sa.Column[str] | None, by: str) -> None:
    spent = [dict(row) for row in op.get_bind().execute(sa.text("SELECT * FROM llm_budget")).mappings()]
    op.drop_table("llm_budget")
    made = op.create_table(
        "llm_budget",
        sa.Column("day", sa.String(10), nullable=False),
        *([] if tenant is None else [tenant]),
        sa.Column("committed_nano_usd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*by.split(", "), name="pk_llm_budget"),
    )
    if spent:
        kept = ("day", "committed_nano_usd")
        op.bulk_insert(made, [{name: row[name] for name in kept} for row in spent])
