"""Text as C source: whatever stands in a label, it stays text."""


def c_literal(text: str) -> str:
    """A string literal of C99 and C++ that holds `text` as UTF-8, whatever is in it.

    Quotes, backslashes, question marks (trigraphs) and all that is no printable ASCII are octal escapes, which end
    after three digits: no letter that follows is taken for a part of them.
    """
    plain = (
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    )
    return f'"{"".join(plain)}"'
