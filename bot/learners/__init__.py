"""The person: streaks, points, progress and preferences."""
