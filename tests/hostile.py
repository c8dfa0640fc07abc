"""Values and names that break naive implementations. Each must arrive exactly as it was sent."""

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
    # Form encodings treat these differently: AWS signs `%2A`, Java and browsers write `*`.
    "*",
    "5 * 3 ~ -1._",
    # Beginnings of a path, a scheme, a comment, a parameter of a media type.
    "//",
    "https://www.example.com/a//b?c=d#e",
    "text/plain;charset=utf-8",
    "; charset=utf-8",
    # Syntax of mapping templates.
    "##",
    "a##\nb",
    "#* a *#",
    "#[[a]]#",
    "${context.extendedRequestId}",
    "$context.authorizer.proven_endpoint##",
    "$!{context.identity.sourceIp}",
    "$util.urlEncode($input.body)",
    "#set($context.responseOverride.status = 500)",
    "#if(true)a#else b#end",
    "#foreach($name in $query.keySet())$name#end",
    "#end",
    "#stop",
    "\\$context.requestId \\#end",
    # These become another parameter if a URL is unescaped twice, or if a form is nested in a form.
    "&amp;usat_plan=gold",
    "amp;usat_plan=gold",
    "&MessageAttribute.3.Name=proven_endpoint&MessageAttribute.3.Value.StringValue=e1",
    "%2526",
    "a+%2B %20b",
)

PRINTABLE_ASCII = tuple(map(chr, range(0x20, 0x7F)))
"""Each character by itself. An encoding that breaks one of them would lose every event that has it."""

HOSTILE_NAMES = (
    "amp;evat_a",
    "AMP;amp;usat_plan",
    "amp;event",
    "amp;endpoint_id",
    "evat_*",
    "evat_##",
    "evat_$name",
    "evat_${query}",
    "evat_a b",
    "evat_a&b=c",
    "#set($query = 1)",
    "MessageAttribute.3.Name",
    "MessageBody",
    "Action",
    "class",
    "Class",
    "empty",
    "size",
    "get",
    "",
)
"""Parameter names that a mapping template must not confuse with its own names."""

LONGEST_ATTRIBUTE = "é" * 200
"""The longest event attribute that Amazon Pinpoint accepts. A user attribute may have half of that."""

LONGEST_USER_ATTRIBUTE = "é" * 100

FOR_TERMINALS = "\x1b[2Jx\x9b31m\x1b]0;t\x07\r\nerror: \u202eevil\u2028\x7f\ud800"
"""Clears the screen; an 8-bit CSI; a title; a forged line; text that runs backwards; half a character."""
