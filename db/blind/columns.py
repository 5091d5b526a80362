"""The closed lists of what the desk may read and write: a column that is added later is closed until someone names it here."""

READABLE: dict[str, frozenset[str]] = {
    # neither model nor run, and not has_text either: what is readable is what has content
    "transcript": frozenset({"id", "public_id", "content"}),
    "study": frozenset(
        {
            "id",
            "title",
            "notice",
            "status",
            "codebook",
            "codebook_hash",
            "guideline",
            "rules",
            "revealed_at",
            "revealed_label_id",
        }
    ),
    # is_drawn in place of the inclusion probability, which differs by the verdict's stratum
    "study_item": frozenset({"id", "study_id", "transcript_id", "is_drawn", "part", "known"}),
    "annotator": frozenset({"id", "study_id", "name", "role", "source", "order_seed", "identity_hash"}),
    "invite": frozenset({"id", "annotator_id", "token_hash", "expires_at", "revoked_at", "created_at"}),
    "visit": frozenset({"id", "invite_id", "cookie_hash", "expires_at", "ended_at", "created_at"}),
    "assignment": frozenset(
        {"id", "token", "annotator_id", "study_item_id", "position", "pass_no", "leased_until"}
    ),
    "label": frozenset(
        {
            "id",
            "study_id",
            "transcript_id",
            "annotator_id",
            "assignment_id",
            "pass_no",
            "revision",
            "client_token",
            "answers",
            "evidence",
            "confidence",
            "note",
            "contested",
            "active_seconds",
            "position",
            "codebook_hash",
            "created_at",
        }
    ),
    "draft": frozenset({"assignment_id", "body", "updated_at"}),
    "adjudication": frozenset(
        {
            "id",
            "study_item_id",
            "annotator_id",
            "question",
            "answer",
            "kind",
            "reason",
            "client_token",
            "seen",
            "created_at",
        }
    ),
    "guess": frozenset({"id", "assignment_id", "text", "created_at"}),
    # enough to continue the chain, too little to read what researchers did
    "audit_event": frozenset({"id", "hash"}),
}
"""Column by column, also where all of a table's are open: the next one is not."""
INSERTABLE = frozenset({"label", "draft", "visit", "assignment", "adjudication", "guess", "audit_event"})
UPDATABLE: dict[str, frozenset[str]] = {
    # a draft is no evidence
    "draft": frozenset({"body", "updated_at"}),
    "visit": frozenset({"ended_at"}),
    # nobody moves to another person's queue, or to another position in their own
    "assignment": frozenset({"leased_until"}),
}
DELETABLE = frozenset({"draft"})
DESK_ROLES = frozenset({"annotator", "adjudicator"})
"""Whose invites the desk may turn into visits; a researcher's visit opens the console."""
