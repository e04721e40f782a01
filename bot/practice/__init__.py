"""Practising alone: dealing, grading, remembering."""
