"""The length of a string as AWS services count it."""


def utf16_length(string: str) -> int:
    """Characters as UTF-16 code units: 🎉 counts as two.

    AWS does not document how it counts. Its services are written in Java, which counts UTF-16 units. If a
    service counts characters instead, this number is too large: at worst an attribute is dropped, never an
    event.
    """
    return len(string) + sum(character > "\uffff" for character in string)
