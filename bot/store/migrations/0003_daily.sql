-- Names as others see them, whether a learner wants to be named, and when to be reminded of a streak.

ALTER TABLE learner ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE learner ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE reminder (
    learner TEXT PRIMARY KEY REFERENCES learner (id),
    platform TEXT NOT NULL,     -- where the private message goes
    person TEXT NOT NULL,
    at TEXT NOT NULL,           -- local time, "20:00"
    next_due_at BIGINT NOT NULL
);

CREATE INDEX reminder_due ON reminder (platform, next_due_at);

-- Which rooms get a question every day, and when the next one is due. Rows, not jobs: nothing is lost with a process.

CREATE TABLE schedule (
    room TEXT PRIMARY KEY REFERENCES room (id),
    platform TEXT NOT NULL,
    at TEXT NOT NULL,           -- local time, "09:00"
    timezone TEXT NOT NULL,     -- IANA name
    weekdays TEXT NOT NULL,     -- ISO numbers, "12345"
    filters TEXT NOT NULL,
    reveal TEXT NOT NULL,       -- local time; empty for none
    style TEXT NOT NULL,        -- buttons or poll
    thread BOOLEAN NOT NULL,    -- whether a thread is opened for discussion
    ping TEXT NOT NULL,         -- who is called, as the platform writes it
    learner TEXT NOT NULL REFERENCES learner (id),
    person TEXT NOT NULL,       -- who set it, to be told when the room is lost
    told BOOLEAN NOT NULL,      -- whether they were
    next_due_at BIGINT,         -- null while paused
    receipt TEXT NOT NULL       -- random, new with each claim and each change: of two at once, one finds it gone
);

CREATE INDEX schedule_due ON schedule (platform, next_due_at);

-- What became of each: claimed before it is sent, so that it is never sent twice. A claim without an outcome is unknown.

CREATE TABLE post (
    room TEXT NOT NULL REFERENCES room (id),
    day TEXT NOT NULL,          -- the local day in this time zone
    timezone TEXT NOT NULL,
    platform TEXT NOT NULL,
    receipt TEXT NOT NULL,      -- random, of the claim
    state TEXT NOT NULL,        -- claimed, sent, unknown, failed or skipped
    why TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    retry_at BIGINT,            -- of a failure that may pass
    deal TEXT,
    message TEXT,
    answered BIGINT NOT NULL,   -- how many the message says have answered
    reveal_at BIGINT,           -- when the answer is told; null when it is, or never
    reveal TEXT NOT NULL,       -- claimed, sent, unknown or failed; empty before
    PRIMARY KEY (room, day, timezone)
);

CREATE INDEX post_claimed ON post (platform, state, claimed_at);
CREATE INDEX post_retry ON post (platform, retry_at);
CREATE INDEX post_reveal ON post (platform, reveal_at);
CREATE INDEX post_deal ON post (deal);
