"""Numbers in the function's environment."""

import pytest

from handler.variables import InvalidEnvironmentError, read_positive_integer


def test_a_positive_integer_is_read() -> None:
    assert read_positive_integer({"RATE": " 20 "}, "RATE") == 20


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "ten", "1_0", "٣", "1e3"])
def test_another_value_is_an_error_in_one_line(text: str) -> None:
    with pytest.raises(InvalidEnvironmentError) as caught:
        read_positive_integer({"RATE": text}, "RATE")
    expected = f"RATE holds {text!r}; it must be a positive integer"
    assert str(caught.value) == f"{expected}: run `pulumi up` to set it again"


def test_a_number_that_is_not_set_is_reported() -> None:
    with pytest.raises(InvalidEnvironmentError, match=r"^RATE is not set"):
        read_positive_integer({}, "RATE")
