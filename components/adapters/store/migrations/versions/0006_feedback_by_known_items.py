"""Whether the item of a feedback was known, and whose key sent it.

Only adds columns, so that the release before it runs on this schema; the new index serves its query too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the columns and the index."""
    op.add_column("feedback", sa.Column("unknown_item", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("feedback", sa.Column("key_id", sa.String(length=32), nullable=True))
    op.create_index(
        "ix_feedback_user_id_unknown_item_sequence", "feedback", ["user_id", "unknown_item", "sequence"], unique=False
    )
    op.drop_index("ix_feedback_user_id_sequence", table_name="feedback")


def downgrade() -> None:
    """Drops them."""
    op.create_index("ix_feedback_user_id_sequence", "feedback", ["user_id", "sequence"], unique=False)
    op.drop_index("ix_feedback_user_id_unknown_item_sequence", table_name="feedback")
    op.drop_column("feedback", "key_id")
    op.drop_column("feedback", "unknown_item")
