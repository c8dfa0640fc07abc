"""Strings that sites send for an unknown visitor or a missing value."""

from typing import Final

WITHOUT_VALUE: Final = (
    "undefined",
    "null",
    "NaN",
    "Invalid Date",
    "[object Object]",
    "[object HTMLInputElement]",
    "[object Object],[object Object]",  # ecommerce.items of Google Analytics
    "[object Object], [object Null] ,",
)
"""As attributes, these are dropped."""

WITHOUT_IDENTITY: Final = (
    *WITHOUT_VALUE,
    *("", " ", "\t\n", "\u00a0", "\u200b", "\ufeff", "\u3000", "\u2060", "\x00"),
    *("UNDEFINED", "Null", "nan", "invalid date", "[OBJECT OBJECT]"),
    *(" undefined ", "\u00a0null\u200b", "\ufefffalse", "\r\nNaN\r\n"),
    *(
        "false",
        "False",
        "true",
        "TRUE",
        "0",
        " 0 ",
        "None",
        "none",
        "NONE",
        "(not set)",
        "(Not Set)",
        "(none)",
    ),
    *("Infinity", "-Infinity"),
    *("undefined,undefined", "null, null", ",", ",,", "0,false", "[object Object],undefined"),
    *("{{endpoint_id}}", "{{ user.id }}", "{{}}", "user-{{id}}", "id-[object Object]"),
    *('"undefined"', "'null'", '""', "''"),
    *("%5Bobject%20Object%5D", "%7B%7Bendpoint_id%7D%7D", "%28not%20set%29", "(not+set)", "%2530", "%20"),
)
"""As endpoint id or event, these are missing. As event id, they are absent."""

IDENTITIES: Final = (
    *("e1", "00", "01", "0x0", "1", "10", "-1", "0.0", "no", "yes", "nobody", "x0", "0-0"),
    *(
        "undefined-1",
        "null_null",
        "user undefined",
        "nan1",
        "falsehood",
        "None-1",
        "not set",
        "object Object",
    ),
    *("a,b", "0,1", "{a}", "{1}", "[1]", "[object", "100%", "%41", "a+b", "日本語", "🎉", '{"id":"1"}'),
    "550e8400-e29b-41d4-a716-446655440000",
)
"""Real ids that look like missing values."""
