-- Two learners who are one person become one, who is new, and can be parted again for a day. Facts move to the new one,
-- and `origin` says whose they were; null for a learner's own. What the two have chosen stays with them meanwhile.

ALTER TABLE account ADD COLUMN origin TEXT;
ALTER TABLE deal ADD COLUMN origin TEXT;
ALTER TABLE answer ADD COLUMN origin TEXT;
ALTER TABLE practice_day ADD COLUMN origin TEXT;
ALTER TABLE session ADD COLUMN origin TEXT;

CREATE TABLE link (
    id TEXT PRIMARY KEY,
    learner TEXT NOT NULL UNIQUE REFERENCES learner (id),   -- who the two are now
    maker TEXT NOT NULL UNIQUE REFERENCES learner (id),     -- of the code
    joiner TEXT NOT NULL UNIQUE REFERENCES learner (id),
    linked_at BIGINT NOT NULL
);

CREATE INDEX link_linked ON link (linked_at);

-- The day on which points count, by the calendar in which they do: boards can be made anew from answers. Null in those
-- from before.

ALTER TABLE answer ADD COLUMN day TEXT;

-- Codes that join, and that confirm a deletion: one of each for an account, and none of them can be read here.

CREATE TABLE code (
    platform TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    purpose TEXT NOT NULL,      -- link or delete
    salt TEXT NOT NULL,
    hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (platform, platform_id, purpose)
);

CREATE INDEX code_expires ON code (expires_at);

CREATE TABLE wrong_try (
    platform TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    number BIGINT NOT NULL,     -- of wrong codes, one after the other
    last_at BIGINT NOT NULL,
    PRIMARY KEY (platform, platform_id)
);

CREATE INDEX wrong_try_last ON wrong_try (last_at);

-- Who has left a community: not on its boards until they answer there again.

CREATE TABLE absent (
    platform TEXT NOT NULL,
    community TEXT NOT NULL,
    learner TEXT NOT NULL REFERENCES learner (id),
    PRIMARY KEY (platform, community, learner)
);

CREATE INDEX absent_learner ON absent (learner);

-- Learners without a name or an account, to whom answers in communities belong whose learner is deleted.

CREATE TABLE nobody (
    learner TEXT PRIMARY KEY REFERENCES learner (id)
);

-- What is left of deals and of nobody's answers when they are old: how many there were. A deal counts as "dealt".

CREATE TABLE total (
    question TEXT NOT NULL,
    verdict TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (question, verdict)
);

-- How far the nightly pass is. Its receipt is random and new with each step: of two processes, one does the next.

CREATE TABLE tidying (
    name TEXT PRIMARY KEY,
    receipt TEXT NOT NULL,
    night TEXT NOT NULL,        -- the last local day on which it came to its end
    dealt_at BIGINT NOT NULL,   -- of the last deal that was looked at
    deal TEXT NOT NULL          -- and its id
);

INSERT INTO tidying (name, receipt, night, dealt_at, deal) VALUES ('tidying', '', '', -1, '');

ALTER TABLE note ADD COLUMN looked_at BIGINT;               -- when the nightly pass first saw it as it is

CREATE INDEX note_looked ON note (looked_at);
CREATE INDEX deal_dealt ON deal (dealt_at, id);
CREATE INDEX post_due ON post (due_at);
CREATE INDEX digest_due ON digest (due_at);
