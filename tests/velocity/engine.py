"""Runs Apache Velocity 1.7 in one Java process, which renders many templates."""

import os
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

HARNESS: Final = Path(__file__).with_name("Render.java")

# Debian's package `velocity` has the first, and depends on the packages of the others.
_JARS: Final = ("velocity-1.7.jar", "commons-collections3.jar", "commons-lang.jar")


def missing() -> str | None:
    """Why Velocity cannot run here, or None."""
    if shutil.which("javac") is None:
        return "no Java compiler (Debian: default-jdk-headless)"
    if absent := [jar for jar in _JARS if not (_jar_directory() / jar).exists()]:
        return f"{_jar_directory()} lacks {', '.join(absent)} (Debian: velocity; or set VELOCITY_JARS)"
    return None


def _jar_directory() -> Path:
    return Path(os.environ.get("VELOCITY_JARS", "/usr/share/java"))


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocityRendered:
    """Velocity's output and assignments, or its error if it refuses the template."""

    text: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    status: int | None = None
    error: str | None = None


class Velocity:
    """Renders in a running Java process. Safe to call from several threads."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._cases: IO[bytes] = process.stdin
        self._responses: IO[bytes] = process.stdout
        self._turn = threading.Lock()

    def mapping_template(
        self,
        template: str,
        *,
        body: str = "",
        context: Mapping[str, Any] | None = None,
        path: Mapping[str, str] | None = None,
        querystring: Mapping[str, str] | None = None,
        header: Mapping[str, str] | None = None,
    ) -> VelocityRendered:
        """Render with `$input`, `$util` and `$context`."""
        return self._render(
            template=template,
            names={},
            body=body,
            context=context or {},
            parameters={"path": path or {}, "querystring": querystring or {}, "header": header or {}},
        )

    def plain_template(self, template: str, names: Mapping[str, Any]) -> VelocityRendered:
        """Render with these names, and without those of API Gateway."""
        return self._render(template=template, names=names)

    def _render(self, **case: Any) -> VelocityRendered:
        with self._turn:
            self._cases.write(_packed(case))
            self._cases.flush()
            response = _read(self._responses)
        if "error" in response:
            return VelocityRendered(error=response["error"])
        override = response["override"]
        return VelocityRendered(
            text=response["text"], headers=override["header"], status=override.get("status")
        )


@contextmanager
def running_velocity() -> Iterator[Velocity]:
    """Compile and start the Java process, which ends with the block."""
    jars = [_jar_directory() / jar for jar in _JARS]
    command = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", os.pathsep.join(map(str, jars))]
    process = subprocess.Popen([*command, str(HARNESS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Velocity(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)


# ---- The wire: a letter for the kind of a value, then its content; see Render.java --------------------


def _packed(value: Any) -> bytes:
    match value:
        case None:
            return b"N"
        case bool():
            return b"B" + struct.pack(">?", value)
        case int():
            return b"I" + struct.pack(">q", value)
        case str():
            return b"S" + _packed_text(value)
        case Mapping():
            pairs = (_packed_text(key) + _packed(item) for key, item in value.items())
            return b"M" + struct.pack(">i", len(value)) + b"".join(pairs)
        case list() | tuple():
            return b"L" + struct.pack(">i", len(value)) + b"".join(map(_packed, value))
        case _:
            raise TypeError(f"no way to send a {type(value).__name__}")


def _packed_text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">i", len(encoded)) + encoded


def _read(stream: IO[bytes]) -> Any:
    match _exactly(stream, 1):
        case b"N":
            return None
        case b"B":
            return _exactly(stream, 1) == b"\x01"
        case b"I":
            return struct.unpack(">q", _exactly(stream, 8))[0]
        case b"S":
            return _read_text(stream)
        case b"M":
            return {_read_text(stream): _read(stream) for _ in range(_read_count(stream))}
        case kind:
            raise ValueError(f"no such kind: {kind!r}")


def _read_text(stream: IO[bytes]) -> str:
    return _exactly(stream, _read_count(stream)).decode()


def _read_count(stream: IO[bytes]) -> int:
    return struct.unpack(">i", _exactly(stream, 4))[0]


def _exactly(stream: IO[bytes], count: int) -> bytes:
    read = stream.read(count)
    if len(read) != count:
        raise EOFError("the Java process has ended; its errors are on standard error")
    return read
