"""The day's money for language models, and two more columns of their calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table, and adds the columns."""
    op.create_table(
        "llm_budget",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("committed_nano_usd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_llm_budget")),
    )
    op.add_column("llm_calls", sa.Column("cache_write_tokens", sa.Integer(), server_default="0", nullable=False))
    op.add_column("llm_calls", sa.Column("variant", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Drops them."""
    op.drop_column("llm_calls", "variant")
    op.drop_column("llm_calls", "cache_write_tokens")
    op.drop_table("llm_budget")
