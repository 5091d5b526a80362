"""A transcript of which only verdicts are known says so in a column; until now its key ended in #bare.

It may then share its key with the transcript that has the text: the two are twins.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = "uq_transcript_origin_key"
# A key that would collide with another one stays as it is: no database may fail to open for it.
CUT_SUFFIX = """
    UPDATE transcript SET origin_key = substr(origin_key, 1, length(origin_key) - 5)
    WHERE content IS NULL AND origin_key LIKE '%#bare' AND NOT EXISTS (
        SELECT 1 FROM transcript AS other
        WHERE other.content IS NULL
        AND other.origin_key = substr(transcript.origin_key, 1, length(transcript.origin_key) - 5))
"""
# ToolEmu's scores were the only source that had such keys.
ADD_SUFFIX = """
    UPDATE transcript SET origin_key = origin_key || '#bare'
    WHERE content IS NULL AND origin_key NOT LIKE '%#bare' AND (
        origin_key LIKE 'toolemu:%' OR EXISTS (
            SELECT 1 FROM transcript AS other
            WHERE other.content IS NOT NULL AND other.origin_key = transcript.origin_key))
"""


def unprotect() -> None:
    """Let rows of evidence change: this migration rewrites their key, not what they say."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER transcript_no_{verb}")
        return
    op.execute("DROP TRIGGER transcript_no_change ON transcript")


def protect_again() -> None:
    """Refuse UPDATE and DELETE of transcripts, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER transcript_no_{verb.lower()} BEFORE {verb} ON transcript "
                "BEGIN SELECT RAISE(ABORT, 'transcript rows are evidence: they are never changed'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER transcript_no_change BEFORE UPDATE OR DELETE ON transcript "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def upgrade() -> None:
    unprotect()
    op.add_column(
        "transcript", sa.Column("has_text", sa.Boolean(), nullable=False, server_default=sa.text("true"))
    )
    op.execute("UPDATE transcript SET has_text = false WHERE content IS NULL")
    # SQLite cannot drop a constraint: the table is made anew, while its foreign keys sleep
    with op.batch_alter_table("transcript") as batch:
        batch.drop_constraint(KEY, type_="unique")
        batch.create_unique_constraint(KEY, ["origin_key", "has_text"])
    op.execute(CUT_SUFFIX)
    protect_again()


def downgrade() -> None:
    unprotect()
    op.execute(ADD_SUFFIX)
    with op.batch_alter_table("transcript") as batch:
        batch.drop_constraint(KEY, type_="unique")
        batch.create_unique_constraint(KEY, ["origin_key"])
        batch.drop_column("has_text")
    protect_again()
