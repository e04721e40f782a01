-- Rooms that want a digest of each week, and what became of those: as posts, claimed before they are sent.

ALTER TABLE schedule ADD COLUMN digest BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE schedule ADD COLUMN digest_due_at BIGINT;     -- null without one, and while paused

CREATE INDEX schedule_digest ON schedule (platform, digest_due_at);

CREATE TABLE digest (
    room TEXT NOT NULL REFERENCES room (id),
    week TEXT NOT NULL,         -- the Monday of the week that it tells of
    platform TEXT NOT NULL,
    receipt TEXT NOT NULL,      -- random, of the claim
    state TEXT NOT NULL,        -- claimed, sent, unknown, failed or skipped
    why TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    retry_at BIGINT,            -- of a failure that may pass
    PRIMARY KEY (room, week)
);

CREATE INDEX digest_claimed ON digest (platform, state, claimed_at);
CREATE INDEX digest_retry ON digest (platform, retry_at);

-- Of what was dealt in a room, a digest counts two weeks.

CREATE INDEX deal_room ON deal (room, dealt_at);
