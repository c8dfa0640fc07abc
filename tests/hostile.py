"""Values that have broken naive implementations: every one has to come back exactly as it was sent."""

HOSTILE_VALUES = (
    "Doe, John",
    "1+1",
    "{a}b",
    "a&usat_plan=gold",
    "a=b=c",
    "100%",
    "\"quoted\" \\ 'single'",
    "日本語 🎉 é",
    "a newline\nand a\ttab",
    "$input.body #set($x=1)",
    "</script>",
    "%26usat_plan%3Dgold",
)

LONGEST_ATTRIBUTE = "é" * 200
"""As long as an event attribute of Amazon Pinpoint may be; a user attribute may have half of it."""

LONGEST_USER_ATTRIBUTE = "é" * 100
