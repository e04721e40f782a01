-- Questions that belong together, one after the other: a review, or a mock interview. What is next is the first step
-- without a deal; what is asked now is the last step with one. A learner has one of each kind that has not ended.

CREATE TABLE session (
    id TEXT PRIMARY KEY,
    learner TEXT NOT NULL REFERENCES learner (id),
    kind TEXT NOT NULL,         -- review or mock
    filters TEXT NOT NULL,      -- what was asked for
    began_at BIGINT NOT NULL,
    ended_at BIGINT             -- null until it is finished or left
);

CREATE INDEX session_learner ON session (learner, kind, began_at);

CREATE TABLE step (
    session TEXT NOT NULL REFERENCES session (id),
    place BIGINT NOT NULL,      -- from 1 on; a follow-up that comes between has a place of its own
    question TEXT NOT NULL,
    follows TEXT NOT NULL,      -- the question that this one follows up; empty for none
    deal TEXT,                  -- null until it is asked
    marks TEXT NOT NULL,        -- how a learner rated what they said, as text of digits; empty before
    PRIMARY KEY (session, place)
);

CREATE INDEX step_deal ON step (deal);
