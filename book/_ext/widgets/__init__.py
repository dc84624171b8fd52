"""Interactive figures of the book: each module has `make(results)`, which gives a widget.Widget."""
