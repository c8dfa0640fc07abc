"""A container's Custom JavaScript as a script file, for a page whose Content-Security-Policy forbids eval.

Pure. GTM evaluates these functions itself and needs `unsafe-eval`; fake_gtm.js takes them from here.
"""

import json
from collections.abc import Mapping
from typing import Any

from gtm.export_parts import value_of
from gtm.item_functions import with_variables_read


def functions_script(export: Mapping[str, Any]) -> str:
    """Registers the function of every Custom JavaScript variable with the fake GTM, by its name."""
    functions = {
        variable["name"]: with_variables_read(value_of(variable, "javascript"))
        for variable in export["containerVersion"].get("variable", [])
        if variable["type"] == "jsm"
    }
    entries = [f"  {json.dumps(name)}: (read) => ({function})()," for name, function in functions.items()]
    return "\n".join(["Object.assign(window.GtmFake.functions, {", *entries, "});", ""])
