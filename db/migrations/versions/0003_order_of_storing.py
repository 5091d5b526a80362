"""The reveal and the unblinding know which labels and decisions were stored before them: clocks may be set, ids only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = ("revealed_label_id", "unblinded_adjudication_id")

# What was stored before this migration has nothing but its times to go by.
BY_TIME = (
    """
    UPDATE study SET revealed_label_id = COALESCE((
        SELECT MAX(label.id) FROM label
        WHERE label.study_id = study.id AND label.created_at <= study.revealed_at), 0)
    WHERE revealed_at IS NOT NULL
    """,
    """
    UPDATE study SET unblinded_adjudication_id = COALESCE((
        SELECT MAX(adjudication.id) FROM adjudication
        JOIN study_item ON study_item.id = adjudication.study_item_id
        WHERE study_item.study_id = study.id AND adjudication.created_at < study.unblinded_at), 0)
    WHERE unblinded_at IS NOT NULL
    """,
)


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("study", sa.Column(name, sa.Integer(), nullable=True))
    for statement in BY_TIME:
        op.execute(statement)


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("study", name)
