"""The database: every statement, and one driver for each kind of database."""
