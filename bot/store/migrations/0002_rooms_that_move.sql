-- What became of a room: whether it is there for us no more, and which id it had before it moved.

ALTER TABLE room ADD COLUMN gone BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE room ADD COLUMN former_id TEXT;
