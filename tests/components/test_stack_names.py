"""Names of resources that begin with the stack's."""

import re

import pytest

from components.stack_names import fitting_name


def test_a_name_that_fits_stays_as_it_is() -> None:
    assert fitting_name("gtm-pixel-eu_live", longest=128, suffix="-web-acl") == "gtm-pixel-eu_live-web-acl"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gtm-pixel-eu.live", "gtm-pixel-eu-live"),
        ("gtm-pixel-eu.live", "gtm-pixel-eu_live"),
        ("gtm-pixel-eu.li.ve", "gtm-pixel-eu.li-ve"),
        ("x" * 200, "x" * 199),
        (f"{'x' * 199}a", f"{'x' * 199}b"),
    ],
)
def test_two_stacks_never_share_a_name(one: str, other: str) -> None:
    names = [fitting_name(stack, longest=128, suffix="-web-acl") for stack in (one, other)]

    assert names[0] != names[1]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,120}-web-acl", name) for name in names)
