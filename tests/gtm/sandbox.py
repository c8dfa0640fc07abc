"""Runs the custom templates in GTM's sandbox (sandbox.js), in Node.js as server containers do."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import playwright

from gtm.custom_template import TemplateKind, sections

_SANDBOX = Path(__file__).with_name("sandbox.js")
_WITH_PLAYWRIGHT = Path(playwright.__file__).parent / "driver" / "node"


class Template(NamedTuple):
    """What the sandbox needs of a template."""

    kind: str
    code: str
    permissions: list[Any]

    @classmethod
    def read(cls, kind: TemplateKind, text: str | None = None) -> "Template":
        """The template of a kind, or one written from it."""
        parts = sections(kind.file.read_text(encoding="utf-8") if text is None else text)
        return cls(kind.value, parts[kind.code_section], json.loads(parts[kind.permissions_section]))


class End(NamedTuple):
    """How a tag ended: which callback it called, what it logged, and the pixels that it sent."""

    outcome: str
    log: list[str]
    urls: list[str]


class Sandbox:
    """A Node.js that runs templates until it is closed."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [shutil.which("node") or str(_WITH_PLAYWRIGHT), str(_SANDBOX)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which ends it

    def failure(self, template: Template, setup: str, scenario: str) -> str | None:
        """Why a scenario fails, or None if it passes."""
        return self._call("runScenario", template._asdict(), setup, scenario)

    def run_tag(self, template: Template, data: Mapping[str, Any], **surroundings: Any) -> End:
        """Run a tag with these fields. `surroundings`: `dataLayer` or `eventData`, and `containerVersion`."""
        return End(**self._call("runTag", template._asdict(), data, surroundings))

    def _call(self, name: str, *values: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"name": name, "values": values}, allow_nan=False) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["result"]
