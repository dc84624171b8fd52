"""Part 7, continuous listening: cost of a hop, effect of a stream's past, the decision logic, and hours of sound."""
