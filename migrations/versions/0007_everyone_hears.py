"""Everyone hears: channels, preferences, digests, saved searches."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)
MORE = (
    "person_id uuid REFERENCES person(id)",
    "topic text",
    "code_kind text",
    "code_id uuid",
    "locale text",
    "created_at timestamptz",
    "expires_at timestamptz",
    "delivered_at timestamptz",
    "provider_id text",
)
# What earlier dispatches were about, put into the new columns.
FILL = """
UPDATE dispatch d SET
  person_id = n.person_id,
  topic = coalesce(n.topic, CASE WHEN d.invitation_id IS NULL THEN 'entry.code_sent'
                                 ELSE 'invitation.sent' END),
  code_kind = CASE WHEN d.invitation_id IS NOT NULL THEN 'invitation'
                   WHEN d.entry_id IS NOT NULL THEN 'entry' END,
  code_id = coalesce(d.invitation_id, d.entry_id),
  code_number = CASE WHEN d.invitation_id IS NOT NULL THEN 1 ELSE d.code_number END,
  locale = coalesce(n.locale, i.locale, 'vi'),
  created_at = coalesce(n.created_at, uuid_extract_timestamp(d.id), d.due_at)
FROM dispatch o LEFT JOIN notification n ON n.id = o.notification_id
  LEFT JOIN invitation i ON i.id = o.invitation_id
WHERE o.id = d.id
"""
EMPTY = """
UPDATE dispatch SET
  invitation_id = CASE WHEN code_kind = 'invitation' THEN code_id END,
  entry_id = CASE WHEN code_kind = 'entry' THEN code_id END,
  code_number = CASE WHEN code_kind = 'entry' THEN code_number END,
  status = CASE WHEN status = 'delivered' THEN 'sent'
                WHEN status IN ('failed', 'no_gateway', 'capped') THEN 'dead' ELSE status END,
  sent_at = CASE WHEN status IN ('sent', 'delivered') THEN sent_at END
"""
# What the older form has no place for.
LOST = """
DELETE FROM dispatch WHERE channel NOT IN ('email', 'sms')
  OR code_kind NOT IN ('invitation', 'entry')
"""


def _word_check(table: str, column: str, words: str) -> None:
    listed = ", ".join(f"'{word}'" for word in words.split())
    name = f"ck_{table}_{column}"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({listed}))")


def upgrade() -> None:
    for column in MORE:
        op.execute(f"ALTER TABLE dispatch ADD COLUMN {column}")
    op.execute(FILL)
    for name in ("entry_with_code", "sent_when"):
        op.execute(f"ALTER TABLE dispatch DROP CONSTRAINT ck_dispatch_{name}")
    for column in ("topic", "locale", "created_at"):
        op.alter_column("dispatch", column, nullable=False)
    op.drop_column("dispatch", "invitation_id")
    op.drop_column("dispatch", "entry_id")
    op.execute("ALTER TABLE dispatch RENAME CONSTRAINT dispatch_person_id_fkey"
               " TO fk_dispatch_person_id")
    _word_check("dispatch", "channel", "email sms zalo")
    _word_check("dispatch", "status", "queued sent delivered failed dead no_gateway capped")
    _word_check("dispatch", "locale", "vi en")
    op.create_check_constraint(
        op.f("ck_dispatch_whole_code"), "dispatch",
        "num_nulls(code_kind, code_id, code_number) IN (0, 3)",
    )
    op.create_check_constraint(
        op.f("ck_dispatch_sent_when"), "dispatch",
        "(status IN ('sent', 'delivered', 'failed')) = (sent_at IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_dispatch_delivered_when"), "dispatch",
        "(status = 'delivered') = (delivered_at IS NOT NULL)",
    )
    op.drop_index("ix_dispatch_due", "dispatch")
    op.drop_index("ix_dispatch_organisation_id", "dispatch")
    op.create_index(
        "ix_dispatch_due", "dispatch", ["channel", "due_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index("ix_dispatch_address", "dispatch", ["address", "created_at"])
    op.create_index("ix_dispatch_log", "dispatch", ["organisation_id", "id"])

    op.add_column("notification", sa.Column("in_app", sa.Boolean(), server_default="true",
                                            nullable=False))
    op.add_column("notification", sa.Column("digest_by", postgresql.ARRAY(sa.Text()),
                                            server_default="{}", nullable=False))
    op.add_column("notification", sa.Column("digest_at", INSTANT, nullable=True))
    op.create_check_constraint(
        op.f("ck_notification_digest_by_and_at"), "notification",
        "(digest_at IS NULL) = (digest_by = '{}')",
    )
    op.create_index("ix_notification_digest", "notification", ["digest_at"],
                    postgresql_where=sa.text("digest_at IS NOT NULL"))

    op.create_table(
        "channel_pause",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", INSTANT, nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms', 'zalo')",
                           name=op.f("ck_channel_pause_channel")),
        sa.CheckConstraint("failures > 0", name=op.f("ck_channel_pause_failures")),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_pause")),
    )
    op.create_table(
        "notification_preference",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('in_app', 'email', 'sms', 'zalo')",
                           name=op.f("ck_notification_preference_channel")),
        sa.CheckConstraint("wanted IN ('at_once', 'daily', 'never')",
                           name=op.f("ck_notification_preference_wanted")),
        sa.CheckConstraint("channel <> 'in_app' OR wanted <> 'daily'",
                           name=op.f("ck_notification_preference_no_digest_in_app")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"],
                                name=op.f("fk_notification_preference_person_id")),
        sa.PrimaryKeyConstraint("person_id", "topic", "channel",
                                name=op.f("pk_notification_preference")),
    )
    op.create_table(
        "quiet_hours",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "starts BETWEEN 0 AND 1439 AND ends BETWEEN 0 AND 1439 AND starts <> ends",
            name=op.f("ck_quiet_hours_within_a_day"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"],
                                name=op.f("fk_quiet_hours_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_quiet_hours")),
    )
    op.create_table(
        "reminder",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("topic", "subject", name=op.f("pk_reminder")),
    )
    op.create_table(
        "saved_search",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("commodity_code", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("worst_rank", sa.Integer(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("price_max", sa.Numeric(precision=11, scale=2), nullable=False),
        sa.Column("price_min", sa.Numeric(precision=11, scale=2), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("within_km", sa.Integer(), nullable=True),
        sa.Column("x", sa.Integer(), nullable=True),
        sa.Column("y", sa.Integer(), nullable=True),
        sa.Column("z", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("num_nulls(latitude, longitude, x, y, z, within_km) IN (0, 6)",
                           name=op.f("ck_saved_search_whole_place")),
        sa.CheckConstraint("within_km BETWEEN 1 AND 1000", name=op.f("ck_saved_search_within_km")),
        sa.CheckConstraint("price_max >= 0 AND price_max <> 'NaN'",
                           name=op.f("ck_saved_search_price_max")),
        sa.CheckConstraint("price_min > 0 AND price_min <> 'NaN'",
                           name=op.f("ck_saved_search_price_min")),
        sa.ForeignKeyConstraint(["certificate"], ["certificate_scheme.code"],
                                name=op.f("fk_saved_search_certificate")),
        sa.ForeignKeyConstraint(["commodity_code"], ["commodity.code"],
                                name=op.f("fk_saved_search_commodity_code")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"],
                                name=op.f("fk_saved_search_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"],
                                name=op.f("fk_saved_search_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
    )
    op.create_index("ix_saved_search_match", "saved_search", ["commodity_code", "price_max"],
                    postgresql_where=sa.text("price_min IS NULL"))
    op.create_index("ix_saved_search_price", "saved_search", ["commodity_code", "price_min"],
                    postgresql_where=sa.text("price_min IS NOT NULL"))
    op.create_index("ix_saved_search_owner", "saved_search", ["person_id", "id"])


def downgrade() -> None:
    for table in ("saved_search", "reminder", "quiet_hours", "notification_preference",
                  "channel_pause"):
        op.drop_table(table)
    op.drop_index("ix_notification_digest", "notification")
    op.execute("ALTER TABLE notification DROP CONSTRAINT ck_notification_digest_by_and_at")
    for column in ("in_app", "digest_by", "digest_at"):
        op.drop_column("notification", column)

    for name in ("whole_code", "sent_when", "delivered_when", "locale", "status", "channel"):
        op.execute(f"ALTER TABLE dispatch DROP CONSTRAINT ck_dispatch_{name}")
    for index in ("due", "address", "log"):
        op.drop_index(f"ix_dispatch_{index}", "dispatch")
    op.add_column("dispatch", sa.Column("invitation_id", sa.Uuid(), nullable=True))
    op.add_column("dispatch", sa.Column("entry_id", sa.Uuid(), nullable=True))
    op.execute(LOST)
    op.execute(EMPTY)
    op.create_foreign_key("fk_dispatch_invitation_id", "dispatch", "invitation",
                          ["invitation_id"], ["id"])
    op.create_foreign_key("fk_dispatch_entry_id", "dispatch", "assisted_entry",
                          ["entry_id"], ["id"])
    for column in MORE:
        op.drop_column("dispatch", column.split()[0])
    _word_check("dispatch", "channel", "email sms")
    _word_check("dispatch", "status", "queued sent dead")
    op.create_check_constraint(op.f("ck_dispatch_sent_when"), "dispatch",
                               "(status = 'sent') = (sent_at IS NOT NULL)")
    op.create_check_constraint(op.f("ck_dispatch_entry_with_code"), "dispatch",
                               "(entry_id IS NULL) = (code_number IS NULL)")
    op.create_index("ix_dispatch_due", "dispatch", ["due_at"],
                    postgresql_where=sa.text("status = 'queued'"))
    op.create_index(op.f("ix_dispatch_organisation_id"), "dispatch", ["organisation_id"])
