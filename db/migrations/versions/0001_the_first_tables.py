"""The first tables."""

import sqlalchemy as sa
from alembic import op

EVIDENCE = (
    "transcript",
    "judge_prompt",
    "verdict",
    "label",
    "adjudication",
    "audit_event",
    "report",
    "scenario",
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


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


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_event_hash")),
    )
    op.create_table(
        "judge_prompt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judge_prompt")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_judge_prompt_content_hash")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("config", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("config_hash", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_config_hash"), "run", ["config_hash"], unique=False)

    op.create_table(
        "scenario",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("motive", sa.String(), nullable=False),
        sa.Column("risk_types", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario")),
        sa.UniqueConstraint("key", "content_hash", name=op.f("uq_scenario_key")),
    )
    op.create_index(op.f("ix_scenario_key"), "scenario", ["key"], unique=False)

    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("codebook", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("codebook_hash", sa.String(), nullable=False),
        sa.Column("guideline", sa.Text(), nullable=False),
        sa.Column("plan", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("plan_hash", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("name", name=op.f("uq_study_name")),
    )
    op.create_table(
        "annotator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("order_seed", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_annotator_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotator")),
        sa.UniqueConstraint("study_id", "name", name=op.f("uq_annotator_study_id")),
    )
    op.create_index(op.f("ix_annotator_study_id"), "annotator", ["study_id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("inputs_hash", sa.String(), nullable=False),
        sa.Column("inputs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("results", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_report_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    op.create_index(op.f("ix_report_study_id"), "report", ["study_id"], unique=False)

    op.create_table(
        "transcript",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("origin_key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("scenario_id", sa.Integer(), nullable=True),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("original", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("condition", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("provenance", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("attributes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("hidden", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("leaks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_transcript_run_id")),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.id"], name=op.f("fk_transcript_scenario_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript")),
        sa.UniqueConstraint("origin_key", name=op.f("uq_transcript_origin_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_transcript_public_id")),
    )
    op.create_table(
        "invite",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_invite_annotator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invite_token_hash")),
    )
    op.create_index(op.f("ix_invite_annotator_id"), "invite", ["annotator_id"], unique=False)

    op.create_table(
        "study_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("transcript_id", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=True),
        sa.Column("inclusion_probability", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_item_study_id")),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcript.id"], name=op.f("fk_study_item_transcript_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_item")),
        sa.UniqueConstraint("study_id", "transcript_id", name=op.f("uq_study_item_study_id")),
    )
    op.create_index(op.f("ix_study_item_study_id"), "study_item", ["study_id"], unique=False)
    op.create_index(op.f("ix_study_item_transcript_id"), "study_item", ["transcript_id"], unique=False)

    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transcript_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("judge_prompt_id", sa.Integer(), nullable=True),
        sa.Column("judge", sa.String(), nullable=False),
        sa.Column("judge_key", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("parameters", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("provenance", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["judge_prompt_id"], ["judge_prompt.id"], name=op.f("fk_verdict_judge_prompt_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_verdict_run_id")),
        sa.ForeignKeyConstraint(["transcript_id"], ["transcript.id"], name=op.f("fk_verdict_transcript_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("transcript_id", "judge_key", "repeat", name=op.f("uq_verdict_transcript_id")),
    )
    op.create_index(op.f("ix_verdict_transcript_id"), "verdict", ["transcript_id"], unique=False)

    op.create_table(
        "adjudication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_item_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotator_id"], ["annotator.id"], name=op.f("fk_adjudication_annotator_id")
        ),
        sa.ForeignKeyConstraint(
            ["study_item_id"], ["study_item.id"], name=op.f("fk_adjudication_study_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudication")),
    )
    op.create_index(op.f("ix_adjudication_study_item_id"), "adjudication", ["study_item_id"], unique=False)

    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("study_item_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pass_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_assignment_annotator_id")),
        sa.ForeignKeyConstraint(
            ["study_item_id"], ["study_item.id"], name=op.f("fk_assignment_study_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("annotator_id", "position", name="uq_assignment_position"),
        sa.UniqueConstraint(
            "annotator_id", "study_item_id", "pass_no", name=op.f("uq_assignment_annotator_id")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_assignment_token")),
    )
    op.create_index(op.f("ix_assignment_annotator_id"), "assignment", ["annotator_id"], unique=False)
    op.create_index(op.f("ix_assignment_study_item_id"), "assignment", ["study_item_id"], unique=False)

    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invite_id", sa.Integer(), nullable=False),
        sa.Column("cookie_hash", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["invite_id"], ["invite.id"], name=op.f("fk_visit_invite_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_visit_cookie_hash")),
    )
    op.create_index(op.f("ix_visit_invite_id"), "visit", ["invite_id"], unique=False)

    op.create_table(
        "draft",
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_draft_assignment_id")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_draft")),
    )
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("transcript_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=True),
        sa.Column("pass_no", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("client_token", sa.String(), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("active_seconds", sa.Float(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("codebook_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_label_annotator_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_label_assignment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_label_study_id")),
        sa.ForeignKeyConstraint(["transcript_id"], ["transcript.id"], name=op.f("fk_label_transcript_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("client_token", name=op.f("uq_label_client_token")),
        sa.UniqueConstraint(
            "study_id", "annotator_id", "transcript_id", "pass_no", "revision", name=op.f("uq_label_study_id")
        ),
    )
    op.create_index(op.f("ix_label_annotator_id"), "label", ["annotator_id"], unique=False)
    op.create_index(op.f("ix_label_assignment_id"), "label", ["assignment_id"], unique=False)
    op.create_index(op.f("ix_label_study_id"), "label", ["study_id"], unique=False)
    op.create_index(op.f("ix_label_transcript_id"), "label", ["transcript_id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% rows are evidence: they are never changed', TG_TABLE_NAME; END $$"
        )
    for table in EVIDENCE:
        protect(table)


def downgrade() -> None:
    op.drop_index(op.f("ix_label_transcript_id"), table_name="label")
    op.drop_index(op.f("ix_label_study_id"), table_name="label")
    op.drop_index(op.f("ix_label_assignment_id"), table_name="label")
    op.drop_index(op.f("ix_label_annotator_id"), table_name="label")

    op.drop_table("label")
    op.drop_table("draft")
    op.drop_index(op.f("ix_visit_invite_id"), table_name="visit")

    op.drop_table("visit")
    op.drop_index(op.f("ix_assignment_study_item_id"), table_name="assignment")
    op.drop_index(op.f("ix_assignment_annotator_id"), table_name="assignment")

    op.drop_table("assignment")
    op.drop_index(op.f("ix_adjudication_study_item_id"), table_name="adjudication")

    op.drop_table("adjudication")
    op.drop_index(op.f("ix_verdict_transcript_id"), table_name="verdict")

    op.drop_table("verdict")
    op.drop_index(op.f("ix_study_item_transcript_id"), table_name="study_item")
    op.drop_index(op.f("ix_study_item_study_id"), table_name="study_item")

    op.drop_table("study_item")
    op.drop_index(op.f("ix_invite_annotator_id"), table_name="invite")

    op.drop_table("invite")
    op.drop_table("transcript")
    op.drop_index(op.f("ix_report_study_id"), table_name="report")

    op.drop_table("report")
    op.drop_index(op.f("ix_annotator_study_id"), table_name="annotator")

    op.drop_table("annotator")
    op.drop_table("study")
    op.drop_index(op.f("ix_scenario_key"), table_name="scenario")

    op.drop_table("scenario")
    op.drop_index(op.f("ix_run_config_hash"), table_name="run")

    op.drop_table("run")
    op.drop_table("judge_prompt")
    op.drop_table("audit_event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
