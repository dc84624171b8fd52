"""One's own word, from takes to a model that knows its threshold; see book/own_keyword.md."""
