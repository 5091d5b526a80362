"""Leak scans stand in a table of their own: which version looked at a transcript, when, and what it found."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Before this migration only imports were scanned. What the project made itself (runs, the sample, scenario reviews) was
# not, and must not count as scanned; a finding shows that a scan took place, whoever stored it.
COPY_FINDINGS = """
    INSERT INTO leak_scan (transcript_id, version, findings, n_findings, scanned_at)
    SELECT id, NULL, leaks, json_array_length(leaks), created_at
    FROM transcript
    WHERE content IS NOT NULL AND (
        json_array_length(leaks) > 0
        OR NOT (origin_key LIKE 'run:%' OR origin_key LIKE 'sample:%' OR origin_key LIKE 'scenario:%'))
    ORDER BY id
"""
RESTORE_FINDINGS = """
    UPDATE transcript SET leaks = (
        SELECT findings FROM leak_scan WHERE leak_scan.id = (
            SELECT MAX(latest.id) FROM leak_scan AS latest WHERE latest.transcript_id = transcript.id))
    WHERE id IN (SELECT transcript_id FROM leak_scan)
"""


def refuse_changes(table: str) -> None:
    """Refuse UPDATE and DELETE of a table's rows, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} rows are evidence: they are never changed'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def allow_changes(table: str) -> None:
    """Take the triggers of `refuse_changes` away, for the moment in which a downgrade writes."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
        return
    op.execute(f"DROP TRIGGER {table}_no_change ON {table}")


def upgrade() -> None:
    op.create_table(
        "leak_scan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transcript_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("n_findings", sa.Integer(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcript.id"], name=op.f("fk_leak_scan_transcript_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leak_scan")),
    )
    op.create_index(op.f("ix_leak_scan_transcript_id"), "leak_scan", ["transcript_id"], unique=False)
    op.execute(COPY_FINDINGS)
    # not in batch mode, which makes the table anew and loses the triggers that protect it
    op.drop_column("transcript", "leaks")
    refuse_changes("leak_scan")


def downgrade() -> None:
    leaks = sa.Column("leaks", sa.JSON(none_as_null=True), nullable=False, server_default="[]")
    op.add_column("transcript", leaks)
    allow_changes("transcript")
    op.execute(RESTORE_FINDINGS)
    refuse_changes("transcript")
    op.drop_table("leak_scan")
