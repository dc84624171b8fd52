"""Listening all day: what a hop costs, what a stream's past does, the decision at work, and hours of sound."""
