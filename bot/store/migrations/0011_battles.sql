-- Battles: the same questions to all in a room, one after the other, against the clock. All of it is rows, so that a
-- battle goes on after a restart or in another process. Nothing here refers to a room or a learner in a way that would
-- keep those from going: a battle is deleted a day after it began, and what was answered in it stays as answers.

CREATE TABLE battle (
    id TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    platform TEXT NOT NULL,
    opener TEXT NOT NULL,       -- the learner who may start and stop it
    filters TEXT NOT NULL,      -- which questions it may be
    questions BIGINT NOT NULL,  -- how many
    seconds BIGINT NOT NULL,    -- for each
    state TEXT NOT NULL,        -- lobby, asking, pause (after a question) or over
    place BIGINT NOT NULL,      -- of the question that is asked, or was last, from 1 on; 0 before the first
    receipt TEXT NOT NULL,      -- random, new with each step: of two processes, or a press and a tick, one takes it
    due_at BIGINT,              -- when the next step is due; null when there is none
    edited_at BIGINT NOT NULL,  -- when the card of the lobby was shown last
    began_at BIGINT NOT NULL,
    ended_at BIGINT,            -- null while it runs
    why TEXT NOT NULL,          -- it ended before its end: alone, stopped, left, away, lost or failed; else empty
    tries BIGINT NOT NULL       -- to post what is to be posted now, that failed
);

CREATE UNIQUE INDEX battle_room ON battle (room) WHERE ended_at IS NULL;   -- one at a time
CREATE INDEX battle_due ON battle (platform, due_at);
CREATE INDEX battle_began ON battle (began_at);

CREATE TABLE player (
    battle TEXT NOT NULL,
    learner TEXT NOT NULL,      -- "rival" for the simulated opponent, who is no learner
    joined_at BIGINT NOT NULL,
    gone BOOLEAN NOT NULL,      -- whether they have left while it ran: nobody waits for them
    silent BIGINT NOT NULL,     -- questions in a row without a choice of theirs
    PRIMARY KEY (battle, learner)
);

CREATE INDEX player_learner ON player (learner);

-- Each round is a deal, and has its time from when its card was there. Presses and the end of a round wait for each other
-- at its row.

CREATE TABLE round (
    battle TEXT NOT NULL,
    place BIGINT NOT NULL,
    deal TEXT NOT NULL,
    message TEXT NOT NULL,      -- of its card; empty if it is not known
    opened_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    closed_at BIGINT,           -- null while it is open
    pressed TEXT NOT NULL,      -- random, of the last press; empty before the first
    shown TEXT NOT NULL,        -- of the last press that the card counts
    edited_at BIGINT NOT NULL,  -- when the card was shown or changed last
    keep_at BIGINT,             -- when its choices are to be kept as answers; null when they are, and while it is open
    PRIMARY KEY (battle, place)
);

CREATE UNIQUE INDEX round_deal ON round (deal);
CREATE INDEX round_keep ON round (keep_at);

CREATE TABLE choice (
    battle TEXT NOT NULL,
    place BIGINT NOT NULL,
    learner TEXT NOT NULL,
    value TEXT NOT NULL,        -- the author's number of the choice, as in answers
    chosen_at BIGINT NOT NULL,  -- by our clock
    PRIMARY KEY (battle, place, learner)
);

CREATE INDEX choice_learner ON choice (learner);

-- The last battle that counted for a learner on boards, and since when; and how strong their simulated opponent is.

ALTER TABLE learner ADD COLUMN battle TEXT;
ALTER TABLE learner ADD COLUMN battled_at BIGINT;
ALTER TABLE learner ADD COLUMN rival BIGINT;
