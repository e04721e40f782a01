-- What an adapter must remember, such as which commands it has registered.

CREATE TABLE note (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Learners. An id is random; the accounts of chat platforms point to it, so that several can be one learner.

CREATE TABLE learner (
    id TEXT PRIMARY KEY,
    timezone TEXT,              -- IANA name; null until the learner chooses one
    zone_changed_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE account (
    platform TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    learner TEXT NOT NULL REFERENCES learner (id),
    PRIMARY KEY (platform, platform_id)
);

CREATE INDEX account_learner ON account (learner);

-- Rooms. The id is random, so that a room that moves (a group that becomes a supergroup) changes one row.

CREATE TABLE room (
    id TEXT PRIMARY KEY,
    platform TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    thread TEXT NOT NULL,
    community TEXT NOT NULL,
    private BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (platform, platform_id, thread)
);

-- Deals. An audience is a learner (in a private room) or else a room: whoever should not get a question again soon.
-- Its deals are numbered without gaps, and the number decides between two that are dealt at the same moment.

CREATE TABLE deal (
    id TEXT PRIMARY KEY,
    audience TEXT NOT NULL,
    number BIGINT NOT NULL,
    room TEXT NOT NULL REFERENCES room (id),
    question TEXT NOT NULL,     -- "topic/question", as everywhere
    mode TEXT NOT NULL,
    choices TEXT NOT NULL,      -- the order in which choices are shown, "2031"; empty without choices
    filters TEXT NOT NULL,      -- what was asked for, so that "Next question" asks for the same
    dealt_at BIGINT NOT NULL,
    closed_at BIGINT,
    UNIQUE (audience, number)
);

CREATE TABLE seen (
    audience TEXT NOT NULL,
    question TEXT NOT NULL,
    number BIGINT NOT NULL,     -- of the last deal with this question
    PRIMARY KEY (audience, question)
);

CREATE INDEX seen_number ON seen (audience, number);

-- Answers: the facts that everything else can be counted from. `receipt` is random and new with every attempt: the
-- later statements of a transaction ask for it, and do nothing if another attempt came first.

CREATE TABLE answer (
    deal TEXT NOT NULL REFERENCES deal (id),
    learner TEXT NOT NULL REFERENCES learner (id),
    receipt TEXT NOT NULL,
    question TEXT NOT NULL,
    mode TEXT NOT NULL,
    value TEXT NOT NULL,        -- the author's number of the choice, or the rating
    verdict TEXT NOT NULL,      -- right, wrong or rated
    points BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (deal, learner)
);

CREATE INDEX answer_learner ON answer (learner, question);

-- Days are the learner's local days at answer time: a later change of time zone rewrites nothing.

CREATE TABLE practice_day (
    learner TEXT NOT NULL REFERENCES learner (id),
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (learner, day, kind)
);

-- When a learner should see a question again, as py-fsrs keeps it.

CREATE TABLE review (
    learner TEXT NOT NULL REFERENCES learner (id),
    question TEXT NOT NULL,
    state BIGINT NOT NULL,
    step BIGINT,
    stability DOUBLE PRECISION,
    difficulty DOUBLE PRECISION,
    due_at BIGINT NOT NULL,
    reviewed_at BIGINT NOT NULL,
    PRIMARY KEY (learner, question)
);

CREATE INDEX review_due ON review (learner, due_at);

-- Points by community and period, kept with the answers so that a board costs the same however many there are.
-- `community` is empty for what was answered in private; `bucket` is all, a month, an ISO week or a day.

CREATE TABLE score (
    platform TEXT NOT NULL,
    community TEXT NOT NULL,
    bucket TEXT NOT NULL,
    learner TEXT NOT NULL REFERENCES learner (id),
    points BIGINT NOT NULL,
    reached_at BIGINT NOT NULL,
    PRIMARY KEY (platform, community, bucket, learner)
);

CREATE INDEX score_board ON score (platform, community, bucket, points);
