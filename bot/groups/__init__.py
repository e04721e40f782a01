"""Practising together: a question a day in a room."""
