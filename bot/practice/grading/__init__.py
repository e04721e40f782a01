"""How typed answers are graded."""

from bot.practice.grading.grade import Grade, Grader, PointGrade, Status, grader_of

__all__ = ["Grade", "Grader", "PointGrade", "Status", "grader_of"]
