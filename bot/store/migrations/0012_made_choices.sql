-- How the choices of a deal were made, where its question has none of its own; empty where it has.

ALTER TABLE deal ADD COLUMN made TEXT NOT NULL DEFAULT '';
