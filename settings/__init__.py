"""The settings of a stack: read once, checked together, and passed on as the arguments of EventPixel.

The modules:

    values.py               readers of single values
    groups.py               a group of settings, and the rules between them
    problems.py             error messages about settings
    stack_configuration.py  the stack's configuration as one mapping
    reading.py              reads every setting and checks the rules
    rules.py                rules between settings
    api.py domain.py events.py function.py monitoring.py naming.py oidc.py protection.py destinations/
                            the settings, by group
    arns.py                 settings that are ARNs
    docs.py                 writes docs/settings.md
"""

from settings.problems import SettingsError
from settings.reading import load

__all__ = ["SettingsError", "load"]
