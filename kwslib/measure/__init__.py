"""What a network costs: memory, operations and time."""
