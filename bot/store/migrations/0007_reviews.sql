-- Questions that are missed again and again are set aside until their learner brings them back; and the day of an
-- interview, which reviews lead to.

ALTER TABLE review ADD COLUMN aside_at BIGINT;                      -- null while it comes by itself
ALTER TABLE review ADD COLUMN back_at BIGINT NOT NULL DEFAULT 0;    -- misses after this count

CREATE TABLE interview (
    learner TEXT PRIMARY KEY REFERENCES learner (id),
    day TEXT NOT NULL,
    place TEXT NOT NULL,        -- "topic" or "topic/section"; empty for all topics
    began TEXT NOT NULL,        -- the local day on which it was set
    needed BIGINT NOT NULL,     -- looks at questions that were missing then: an even pace is counted from here
    told TEXT NOT NULL          -- the last local day on which it was spoken of; empty before
);
