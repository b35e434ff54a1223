"""The items that a list showed are in the row of its request, and `shown_items` shows them one a row.

Only adds columns and a view, so that the release before it runs on this schema and keeps its rows in `impressions`; the
new index serves the queries of the one it replaces.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS = ("item_sources", "item_scores", "item_propensities")
SQLITE = """
CREATE VIEW shown_items AS
SELECT r.request_id AS request_id, each.key + 1 AS position, each.value AS item_id, r.user_id AS user_id,
    r.received_at AS shown_at,
    coalesce(json_extract(r.item_sources, '$[' || each.key || ']'), json_extract(r.item_sources, '$[0]')) AS source,
    json_extract(r.item_scores, '$[' || each.key || ']') AS score,
    coalesce(json_extract(r.item_propensities, '$[' || each.key || ']'), 1.0) AS propensity,
    r.release_id AS release_id, r.variant AS variant
FROM requests AS r, json_each(r."items") AS each
WHERE r.item_sources IS NOT NULL
"""
POSTGRESQL = """
CREATE VIEW shown_items AS
SELECT r.request_id AS request_id, each.place::integer AS position, each.item_id AS item_id, r.user_id AS user_id,
    r.received_at AS shown_at,
    coalesce(r.item_sources ->> (each.place - 1)::integer, r.item_sources ->> 0) AS source,
    (r.item_scores ->> (each.place - 1)::integer)::double precision AS score,
    coalesce((r.item_propensities ->> (each.place - 1)::integer)::double precision, 1.0) AS propensity,
    r.release_id AS release_id, r.variant AS variant
FROM requests AS r, json_array_elements_text(r."items") WITH ORDINALITY AS each (item_id, place)
WHERE r.item_sources IS NOT NULL
"""


def upgrade() -> None:
    """Makes the columns, the index and the view."""
    for name in COLUMNS:
        op.add_column("requests", sa.Column(name, sa.JSON(), nullable=True))
    op.create_index("ix_requests_user_id_received_at", "requests", ["user_id", "received_at"], unique=False)
    op.drop_index("ix_requests_user_id", table_name="requests")
    op.execute(POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE)


def downgrade() -> None:
    """Drops them, with what was shown since."""
    op.execute("DROP VIEW shown_items")
    op.create_index("ix_requests_user_id", "requests", ["user_id"], unique=False)
    op.drop_index("ix_requests_user_id_received_at", table_name="requests")
    for name in reversed(COLUMNS):
        op.drop_column("requests", name)
