"""Names of query parameters that mean `token`: one table for mapping template and authorizer.

A name means `token` if these steps reduce it to that word: strip characters up to U+0020 at both ends,
lower-case, and remove any number of leading `amp;` with such characters around them. Whatever the authorizer
reads as a token must not enter the queue. Everything else must.
"""

from typing import Final

TOKEN_NAMES: Final = (
    "token",
    "Token",
    "TOKEN",
    "tOkEn",
    # Java's and Python's lower case of the Kelvin sign is the letter k.
    "to\u212aen",
    " token",
    "token ",
    "  token  ",
    "\ttoken\r\n",
    "\0token\x1f",
    "amp;token",
    "AMP;token",
    "Amp;Token",
    "amp;amp;token",
    "amp;AMP;amp;TOKEN",
    " amp;token",
    "amp; token",
    "amp;\ttoken ",
    "\namp; \0amp;  Token\x07",
)
"""The authorizer reads each as a token, and none enters the queue."""

OTHER_NAMES: Final = (
    "tokens",
    "token2",
    "token[]",
    "token.",
    "xtoken",
    "tok en",
    "to\0ken",
    "evat_token",
    "usat_token",
    "evat_ token",
    "amp;evat_token",
    "id_token",
    "amp;id_token",
    "amp",
    "amp;",
    "amp;amp;",
    "amptoken",
    "amp,token",
    "a mp;token",
    "amp ;token",
    "&amp;token",
    "token;amp;",
    "token amp;",
    "lt;token",
    # Not stripped: no-break space, next line, zero-width space, byte order mark.
    "\u00a0token",
    "token\u0085",
    "\u200btoken",
    "\ufefftoken",
    # Full-width letters, a Cyrillic o, the letter kra: different names.
    "\uff54\uff4f\uff4b\uff45\uff4e",
    "t\u043eken",
    "to\u0138en",
    "%74oken",
    "",
    " ",
)
"""Not tokens. Each enters the queue as it was sent."""
