-- What learners said in their own words, and the key points that they say they did make.

CREATE TABLE said (
    deal TEXT NOT NULL REFERENCES deal (id),
    learner TEXT NOT NULL REFERENCES learner (id),
    text TEXT NOT NULL,
    PRIMARY KEY (deal, learner)
);

CREATE INDEX said_learner ON said (learner);

CREATE TABLE claim (
    deal TEXT NOT NULL REFERENCES deal (id),
    learner TEXT NOT NULL REFERENCES learner (id),
    question TEXT NOT NULL,
    point TEXT NOT NULL,        -- the id of a key point, or its place from 1 on
    claimed_at BIGINT NOT NULL,
    PRIMARY KEY (deal, learner, point)
);

CREATE INDEX claim_question ON claim (question, point);
CREATE INDEX claim_learner ON claim (learner);
