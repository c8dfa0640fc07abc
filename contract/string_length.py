"""How long a string is for AWS services."""


def utf16_length(string: str) -> int:
    """Characters as UTF-16 code units: 🎉 counts as two.

    AWS does not document what it counts. Its services are written in Java, which counts UTF-16 units. Where a
    service counts characters, this is the larger number: at worst one attribute is dropped, never an event.
    """
    return len(string) + sum(character > "\uffff" for character in string)
