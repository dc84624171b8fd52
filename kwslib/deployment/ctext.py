"""Text as C string literals: no character of a label can be read as C code."""


def c_literal(text: str) -> str:
    """A string literal of C99 and C++ for any `text`, encoded in UTF-8.

    Quotes, backslashes, question marks (trigraphs) and everything but printable ASCII become octal escapes, which end
    after three digits, so that a following character is never read as part of them.
    """
    plain = (
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    )
    return f'"{"".join(plain)}"'
