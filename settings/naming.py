"""The name that a stack was deployed under."""

import re

from settings.values import Setting, optional, string

_STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")

DEPLOYED_AS = Setting(
    "deployedAs",
    "",
    optional(
        string(
            _STACK_NAME,
            "PROJECT-STACK, in letters, digits, -, _ and .",
            "the name of the first deployment, such as gtm-pixel-prod",
        )
    ),
)

SETTINGS = (DEPLOYED_AS,)
