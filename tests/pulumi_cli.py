"""Reads `pulumi config set` commands as the CLI does (sources of version 3.260).

pkg/cmd/pulumi/config/config.go (looksLikeSecret) and sdk/go/common/resource/config (paths and types).
"""

import math
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

# keyPattern in config.go.
SECRET_KEY = re.compile(r"(?i)passwd|pass|password|pwd|secret|token")

_CHECKED_CHARACTERS = 16
_ENTROPY_BITS = 80
_ENTROPY_BITS_OF_CHARACTER = 3

# The alphabets whose sizes zxcvbn adds up for the characters of a value.
_ALPHABETS = {r"[a-z]": 26, r"[A-Z]": 26, r"[0-9]": 10, r"[^a-zA-Z0-9]": 33}


class ConfigSet(NamedTuple):
    """A `pulumi config set` command."""

    key: str
    value: str
    path: bool
    type: str | None
    # --plaintext or --secret: the user has decided.
    decided: bool

    @property
    def setting(self) -> str:
        """The setting that the key names, or lies in."""
        return re.split(r"[.\[]", self.key)[0]


def config_sets(text: str) -> Iterator[ConfigSet]:
    """The `pulumi config set` commands of a document, in its code blocks and in its prose."""
    for command in re.findall(r"pulumi config set (?!NAME|KEY|--path 'NAME)([^`\n]*)", text):
        words = iter(shlex.split(re.split(r"&&|;|\s#", command)[0]))
        given: list[str] = []
        options: set[str] = set()
        type_ = None
        for word in words:
            if word == "--type":
                type_ = next(words)
            elif word.startswith("--"):
                options.add(word)
            else:
                given.append(word)
        key, value = given
        yield ConfigSet(key, value, "--path" in options, type_, bool({"--plaintext", "--secret"} & options))


def may_look_like_a_secret(command: ConfigSet) -> bool:
    """Whether the CLI may refuse the command, because its value looks like a secret.

    The CLI rates the value with zxcvbn, which finds at most the entropy of a random string of the same length
    and alphabet. This assumes that every value is such a string.
    """
    if command.decided or not SECRET_KEY.search(command.key):
        return False
    value = command.value[:_CHECKED_CHARACTERS]
    alphabet = sum(size for pattern, size in _ALPHABETS.items() if re.search(pattern, value))
    entropy = len(value) * math.log2(alphabet)
    return entropy >= _ENTROPY_BITS or (
        entropy >= _ENTROPY_BITS / 2 and entropy / len(value) >= _ENTROPY_BITS_OF_CHARACTER
    )


def stack_config(commands: Sequence[ConfigSet], project: str = "gtm-pixel") -> dict[str, Any]:
    """What Pulumi.STACK.yaml has under `config` after these commands. Paths must be of list elements."""
    config: dict[str, Any] = {}
    for command in commands:
        name = command.setting if ":" in command.setting else f"{project}:{command.setting}"
        if not command.path:
            config[name] = command.value
            continue
        position = re.fullmatch(r"\w+\[(\d+)\]", command.key)
        assert position, f"{command.key} is not an element of a list"
        elements = config.setdefault(name, [])
        assert int(position[1]) == len(elements), f"{command.key} comes out of turn"
        elements.append(_typed(command))
    return config


def _typed(command: ConfigSet) -> object:
    """Convert an element of a list: what looks like a number or boolean is one, unless --type says string."""
    if command.type == "string":
        return command.value
    if command.value in ("true", "false"):
        return command.value == "true"
    return int(command.value) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", command.value) else command.value


def block_after(heading: str, text: str, language: str = "bash") -> str:
    """The first code block of a language under a heading."""
    section = text.partition(f"\n{heading}\n")[2]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found, f"there is no {language} block after {heading}"
    return found[1]
