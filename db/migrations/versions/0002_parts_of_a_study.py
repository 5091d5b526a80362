"""Parts of a study beside its main queue: qualification, calibration, guesses, amendments, reviewed leaks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EVIDENCE = ("guess", "amendment", "leak_review")


def columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    """New columns by table; fresh objects, for each belongs to one statement."""
    return {
        "study": (
            sa.Column("rules", sa.JSON(none_as_null=True), nullable=False, server_default="{}"),
            sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("unblinded_at", sa.DateTime(timezone=True), nullable=True),
        ),
        "study_item": (
            sa.Column("is_drawn", sa.Boolean(), nullable=False, server_default=sa.text("false")),
            sa.Column("part", sa.String(), nullable=False, server_default="pool"),
            sa.Column("known", sa.JSON(none_as_null=True), nullable=True),
        ),
        "annotator": (sa.Column("identity_hash", sa.String(), nullable=True),),
        "assignment": (sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),),
        "label": (sa.Column("contested", sa.Boolean(), nullable=False, server_default=sa.text("false")),),
        "adjudication": (
            sa.Column("client_token", sa.String(), nullable=True),
            sa.Column("seen", sa.JSON(none_as_null=True), nullable=False, server_default="[]"),
        ),
    }


def protect(table: str) -> None:
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


def keep_visits_apart() -> None:
    """Show roles other than the owner, which is the desk's, the invites and visits of its own people alone."""
    if op.get_bind().dialect.name == "sqlite":
        return
    theirs = {
        "invite": "SELECT 1 FROM annotator WHERE annotator.id = invite.annotator_id "
        "AND annotator.role IN ('annotator', 'adjudicator')",
        # the policy on invite holds inside this one too
        "visit": "SELECT 1 FROM invite WHERE invite.id = visit.invite_id",
    }
    for table, condition in theirs.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_the_desk ON {table} USING (EXISTS ({condition}))")


def upgrade() -> None:
    for table, added in columns().items():
        for column in added:
            # not in batch mode, which makes the table anew and loses the triggers that protect it
            op.add_column(table, column)
    op.create_index(op.f("ix_annotator_identity_hash"), "annotator", ["identity_hash"], unique=False)
    op.create_index(op.f("ix_adjudication_client_token"), "adjudication", ["client_token"], unique=True)
    op.create_table(
        "guess",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_guess_assignment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guess")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_guess_assignment_id")),
    )
    op.create_table(
        "amendment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_amendment_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
    )
    op.create_index(op.f("ix_amendment_study_id"), "amendment", ["study_id"], unique=False)
    op.create_table(
        "leak_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("transcript_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_leak_review_study_id")),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcript.id"], name=op.f("fk_leak_review_transcript_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leak_review")),
    )
    op.create_index(op.f("ix_leak_review_study_id"), "leak_review", ["study_id"], unique=False)
    op.create_index(op.f("ix_leak_review_transcript_id"), "leak_review", ["transcript_id"], unique=False)
    for table in EVIDENCE:
        protect(table)
    keep_visits_apart()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("visit", "invite"):
            op.execute(f"DROP POLICY of_the_desk ON {table}")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in reversed(EVIDENCE):
        op.drop_table(table)
    op.drop_index(op.f("ix_adjudication_client_token"), table_name="adjudication")
    op.drop_index(op.f("ix_annotator_identity_hash"), table_name="annotator")
    for table, added in columns().items():
        for column in added:
            op.drop_column(table, column.name)
