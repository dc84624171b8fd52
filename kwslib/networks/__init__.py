"""The networks, their training, and how good they are."""
