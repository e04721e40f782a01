-- Scores by learner first: an answer writes rows of one learner, so they lie side by side, and one index does less.

CREATE TABLE score_by_learner (
    learner TEXT NOT NULL REFERENCES learner (id),
    platform TEXT NOT NULL,
    community TEXT NOT NULL,
    bucket TEXT NOT NULL,
    points BIGINT NOT NULL,
    reached_at BIGINT NOT NULL,
    shown BOOLEAN NOT NULL DEFAULT TRUE,
    PRIMARY KEY (learner, platform, community, bucket)
);

INSERT INTO score_by_learner (learner, platform, community, bucket, points, reached_at, shown)
SELECT learner, platform, community, bucket, points, reached_at, shown FROM score;

DROP TABLE score;
ALTER TABLE score_by_learner RENAME TO score;
CREATE INDEX score_board ON score (platform, community, bucket, shown, points DESC, reached_at, learner);
