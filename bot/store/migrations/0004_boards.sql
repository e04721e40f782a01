-- What a board needs: who is on it, in its order. `shown` follows the learner's wish not to be named.

ALTER TABLE score ADD COLUMN shown BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE room ADD COLUMN title TEXT NOT NULL DEFAULT '';

DROP INDEX score_board;
CREATE INDEX score_board ON score (platform, community, bucket, shown, points DESC, reached_at, learner);
CREATE INDEX score_learner ON score (learner);
CREATE INDEX room_community ON room (platform, community);
