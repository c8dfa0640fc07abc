"""`python -m gtm` as a terminal sees it."""

import io
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gtm.__main__ import main
from gtm.container import as_text, container_export, plan_of
from gtm.plan import TagPlan
from gtm.plan_error import shown
from gtm.variables import CookieVariable, DataLayerVariable
from tests.gtm.plans import EVENTS_URL, PURCHASE, event_attribute, plan

PROJECT = Path(__file__).parents[2]

PURCHASE_FLAGS = (
    *("--event", "purchase_success", "--event-attribute", "currency=ecommerce.currency"),
    *("--metric", "value=ecommerce.value", "--metric", "quantity=ecommerce.quantity"),
    *("--user-attribute", "plan=user.plan"),
)
FLAGS = ("container", "--events-url", EVENTS_URL, *PURCHASE_FLAGS)

Capture = pytest.CaptureFixture[str]


def written(capture: Capture, *arguments: str) -> Any:
    """The plan of the container written to standard output."""
    assert main(arguments) == 0
    return plan_of(json.loads(capture.readouterr().out))


def error(capture: Capture, *arguments: str) -> str:
    """The one-line error of a call with these arguments."""
    assert main(arguments) == 2
    streams = capture.readouterr()
    assert streams.out == ""
    (line,) = streams.err.splitlines()
    return line.removeprefix("error: ")


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return write(tmp_path / "outputs.json", json.dumps({"events_url": EVENTS_URL, "auth_mode": "open"}))


def piped(text: str) -> io.TextIOWrapper:
    """Standard input at the end of a pipe."""
    return io.TextIOWrapper(io.BytesIO(text.encode()))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_flags_describe_an_event(capsys: Capture) -> None:
    assert written(capsys, *FLAGS) == plan(PURCHASE)


def test_several_events_send_the_same(capsys: Capture) -> None:
    made = written(
        capsys,
        "container",
        "--events-url",
        EVENTS_URL,
        "--event",
        "a",
        "--event",
        "b",
        "--event-attribute",
        "v=v",
    )

    parameters = (event_attribute("v", "v"),)
    assert made.tags == (TagPlan(event="a", parameters=parameters), TagPlan(event="b", parameters=parameters))


def test_one_tag_can_send_all_custom_events(capsys: Capture) -> None:
    made = written(capsys, "container", "--events-url", EVENTS_URL, "--all-custom-events")

    assert made.tags == (TagPlan(event=None),)


def test_flags_set_consent_container_endpoint_and_token(capsys: Capture) -> None:
    more = ("--consent", "ad_storage", "--consent", "analytics_storage", "--container", "GTM-ABC1234")

    made = written(capsys, *FLAGS, *more, "--endpoint-id", "user.id", "--token", "jwt")

    assert made == plan(
        PURCHASE,
        consent=("ad_storage", "analytics_storage"),
        container="GTM-ABC1234",
        endpoint_id=DataLayerVariable("user.id"),
        token=DataLayerVariable("jwt"),
    )


def test_flags_set_the_id_and_the_time_of_events_and_where_preview_goes(capsys: Capture) -> None:
    preview = "https://test.example.com/v1/events"

    made = written(
        *(capsys, *FLAGS, "--event-id", "order.id", "--timestamp", "order.paid_at"),
        *("--preview-events-url", preview),
    )

    (tag,) = made.tags
    assert (tag.event_id, tag.timestamp) == (
        DataLayerVariable("order.id"),
        DataLayerVariable("order.paid_at"),
    )
    assert (made.events_url, made.preview_events_url) == (EVENTS_URL, preview)


def test_an_earlier_container_keeps_or_changes_where_preview_goes(capsys: Capture, tmp_path: Path) -> None:
    preview, other = (f"https://{name}.example.com/v1/events" for name in ("test", "other"))
    earlier = str(
        write(tmp_path / "dev.json", as_text(container_export(plan(PURCHASE, preview_events_url=preview))))
    )

    assert written(capsys, "container", "--from", earlier).preview_events_url == preview
    changed = written(capsys, "container", "--from", earlier, "--preview-events-url", other)
    assert changed.preview_events_url == other


def test_the_token_can_come_from_a_cookie(capsys: Capture) -> None:
    assert written(capsys, *FLAGS, "--token-cookie", "jwt").token == CookieVariable("jwt")


def test_an_attribute_name_may_hold_an_equals_sign(capsys: Capture) -> None:
    made = written(
        capsys,
        "container",
        "--events-url",
        EVENTS_URL,
        "--event",
        "e",
        "--event-attribute",
        "a=b=order.value",
    )

    assert made.tags[0].parameters == (event_attribute("a=b", "order.value"),)


def test_a_file_describes_events_and_a_flag_sets_the_url(capsys: Capture, tmp_path: Path) -> None:
    config = write(tmp_path / "gtm.yaml", "events: {sign_up: }")

    made = written(capsys, "container", "--config", str(config), "--events-url", EVENTS_URL)

    assert made == plan(TagPlan(event="sign_up"))


def test_stack_outputs_set_the_url(capsys: Capture, outputs: Path) -> None:
    assert written(capsys, "container", "--outputs", str(outputs), "--event", "e") == plan(TagPlan(event="e"))


def test_stack_outputs_can_come_through_a_pipe(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", piped(json.dumps({"events_url": EVENTS_URL})))

    assert written(capsys, "container", "--outputs", "-", "--event", "e") == plan(TagPlan(event="e"))


def test_an_authenticated_stack_gets_the_token_variable(capsys: Capture, outputs: Path) -> None:
    write(outputs, json.dumps({"events_url": EVENTS_URL, "auth_mode": "authenticated"}))

    made = written(capsys, "container", "--outputs", str(outputs), "--event", "e")

    assert made.token == DataLayerVariable("id_token")


def test_an_earlier_container_can_be_written_for_another_stack(capsys: Capture, tmp_path: Path) -> None:
    earlier = write(tmp_path / "dev.json", as_text(container_export(plan(PURCHASE, consent=("ad_storage",)))))
    other = "https://events.example.com/v1/events"

    made = written(capsys, "container", "--from", str(earlier), "--events-url", other)

    assert made == plan(PURCHASE, consent=("ad_storage",), events_url=other)


def test_consent_of_an_earlier_container_is_replaced_for_all_tags(capsys: Capture, tmp_path: Path) -> None:
    before = plan(PURCHASE, TagPlan(event="seen", consent=("ad_storage",)))
    earlier = write(tmp_path / "dev.json", as_text(container_export(before)))

    made = written(capsys, "container", "--from", str(earlier), "--consent", "analytics_storage")

    assert made == plan(PURCHASE, TagPlan(event="seen"), consent=("analytics_storage",))


def test_a_file_is_written_and_the_next_steps_are_printed(capsys: Capture, tmp_path: Path) -> None:
    target = tmp_path / "container.json"

    assert main([*FLAGS, "-o", str(target)]) == 0

    assert target.read_text(encoding="utf-8") == as_text(container_export(plan(PURCHASE)))
    streams = capsys.readouterr()
    assert streams.out == ""
    assert f"wrote {target}: 1 tag to {EVENTS_URL}" in streams.err
    assert "Import Container" in streams.err


def test_the_next_steps_say_how_importing_again_differs(capsys: Capture, tmp_path: Path) -> None:
    assert main([*FLAGS, "-o", str(tmp_path / "container.json")]) == 0

    assert capsys.readouterr().err.splitlines()[-3:] == [
        "First import: choose Merge, Rename conflicting tags.",
        "Later imports: choose Merge, Overwrite conflicting tags. Otherwise every event is sent twice.",
        "An import deletes nothing: delete the tags of events that you removed, or they go on.",
    ]


@pytest.mark.parametrize("command", [("container", "--all-custom-events"), ("template",)])
def test_a_url_that_ad_blockers_block_is_written_with_a_warning(
    capsys: Capture, command: tuple[str, ...]
) -> None:
    assert main([*command, "--events-url", "https://stats.example.com/v1/events"]) == 0

    streams = capsys.readouterr()
    assert "https://stats.example.com/" in streams.out
    assert streams.err.startswith(
        "warning: ad blockers block the events URL 'https://stats.example.com/v1/events' "
    )


def test_a_warning_leaves_what_is_written_alone(capsys: Capture) -> None:
    assert main([*FLAGS, "--consent", "marketing"]) == 0

    streams = capsys.readouterr()
    assert plan_of(json.loads(streams.out)).consent == ("marketing",)
    assert streams.err.startswith("warning: the consent type marketing is not one of Google's")


def test_a_template_is_written_for_the_stacks_host(capsys: Capture, outputs: Path) -> None:
    assert main(["template", "--outputs", str(outputs)]) == 0

    assert '"string": "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/*"' in capsys.readouterr().out


def test_a_template_in_a_file_is_announced_with_the_next_step(
    capsys: Capture, outputs: Path, tmp_path: Path
) -> None:
    file = tmp_path / "template.tpl"

    assert main(["template", "--outputs", str(outputs), "-o", str(file)]) == 0

    assert capsys.readouterr().err.splitlines() == [
        f"wrote {file}",
        "Next, in GTM: Templates → Tag Templates → New → ⋮ → Import → this file → Save.",
    ]


def test_a_template_for_server_containers_may_call_a_test_stack_too(capsys: Capture, outputs: Path) -> None:
    test_stack = "https://stats.example.com/v1/events"

    assert main(["template", "--server", "--outputs", str(outputs), "--preview-events-url", test_stack]) == 0

    streams = capsys.readouterr()
    assert "___SANDBOXED_JS_FOR_SERVER___" in streams.out
    assert '"string": "https://stats.example.com/*"' in streams.out
    assert streams.err == ""


WRONG = {
    "no command": (
        (),
        "the following arguments are required: container|inspect|template (python -m gtm --help)",
    ),
    "no URL": (
        ("container", "--event", "e"),
        "the tags have no URL to call; give --events-url, --outputs or --config",
    ),
    "no event": (
        ("container", "--events-url", EVENTS_URL),
        "nothing to send; give --event NAME (or several), --all-custom-events, or --config",
    ),
    "an event and all": (
        ("container", "--events-url", EVENTS_URL, "--event", "e", "--all-custom-events"),
        "nothing to send; give --event NAME (or several), --all-custom-events, or --config",
    ),
    "an attribute without a variable": (
        (*FLAGS, "--event-attribute", "currency"),
        "--event-attribute currency must be NAME=KEY; for example --event-attribute "
        "currency=ecommerce.currency",
    ),
    "a user attribute that cannot be": (
        (*FLAGS, "--user-attribute", "a/b=c"),
        "--user-attribute a/b=c: the name 'a/b' is no name of a user attribute in Amazon Pinpoint: it must "
        "not contain # : ? \\ /; use an underscore",
    ),
    "a URL that is none": (
        ("container", "--events-url", "nonsense", "--event", "e"),
        "the events URL 'nonsense' must be https://HOST/…/events with nothing after it; use the "
        "stack's output events_url",
    ),
    "a preview that writes real profiles": (
        (*FLAGS, "--preview-events-url", EVENTS_URL),
        f"the preview URL {shown(EVENTS_URL)} is the events URL, so Preview would write real profiles; "
        "use the events_url of another stack, or none",
    ),
    "a preview URL that is none": (
        (*FLAGS, "--preview-events-url", "nonsense"),
        "the preview URL 'nonsense' must be https://HOST/…/events with nothing after it; use the "
        "stack's output events_url",
    ),
    "a file and an event id": (
        ("container", "--events-url", EVENTS_URL, "--config", "gtm.yaml", "--event-id", "order.id"),
        "--config, --from and flags such as --event exclude each other; keep one of them",
    ),
    "a file and flags": (
        (*FLAGS, "--config", "gtm.yaml"),
        "--config, --from and flags such as --event exclude each other; keep one of them",
    ),
    "a file that is not there": (
        ("container", "--events-url", EVENTS_URL, "--config", "/nowhere/gtm.yaml"),
        "/nowhere/gtm.yaml cannot be read (No such file or directory); give the path of a file",
    ),
    "a place where nothing can be written": (
        (*FLAGS, "-o", "/nowhere/container.json"),
        "/nowhere/container.json cannot be written (No such file or directory); give another -o",
    ),
    "an unknown flag": (
        (*FLAGS, "--evnt", "e"),
        "unrecognized arguments: --evnt e (python -m gtm --help)",
    ),
    "a template without a URL": (
        ("template",),
        "the template has no URL to call; give --events-url or --outputs",
    ),
    "an empty name of a file": (
        (*FLAGS, "-o", ""),
        "argument -o/--output: '' names no file: give a name (python -m gtm container --help)",
    ),
    "text that is not UTF-8": (
        (*FLAGS, "--event", "gekauft_f\udcff"),
        f"argument {len(FLAGS) + 2} is not UTF-8: write it in UTF-8",
    ),
    "what a terminal would obey": (
        ("template", "--outputs", "\x1b[2J\n.json"),
        r"--outputs: \x1b[2J\n.json cannot be read (No such file or directory); give the path of a file",
    ),
    "a template for this machine": (
        ("template", "--events-url", "http://127.0.0.1:8080/v1/events"),
        "the events URL 'http://127.0.0.1:8080/v1/events' must be https for a template; deploy the "
        "stack first",
    ),
}


@pytest.mark.parametrize(("arguments", "line"), WRONG.values(), ids=WRONG)
def test_an_error_is_one_line_that_says_what_to_do(
    capsys: Capture, arguments: tuple[str, ...], line: str
) -> None:
    assert error(capsys, *arguments) == line


def test_only_one_file_can_be_standard_input(capsys: Capture) -> None:
    assert error(capsys, "container", "--outputs", "-", "--config", "-") == (
        "only one of --outputs, --config and --from can be -, which is standard input; give a file for the "
        "others"
    )


def test_what_a_command_reads_is_not_overwritten(capsys: Capture, outputs: Path, tmp_path: Path) -> None:
    config = write(tmp_path / "gtm.yaml", "events: {a: }")
    same = tmp_path / "." / "gtm.yaml"

    for file, target in ((config, same), (outputs, outputs)):
        line = error(
            capsys, "container", "--config", str(config), "--outputs", str(outputs), "-o", str(target)
        )
        assert line == f"{target} is what this command reads, and would be overwritten; give another -o"
        assert file.stat().st_size > 0
    assert config.read_text(encoding="utf-8") == "events: {a: }"


def test_no_part_of_a_container_is_left_where_the_disk_is_full(capsys: Capture, tmp_path: Path) -> None:
    target = tmp_path / "container.json"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        line = error(capsys, *FLAGS, "-o", str(target))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert line == f"{target} cannot be written (File too large); give another -o"
    assert not target.exists()


def test_an_earlier_container_can_be_changed_where_it_is(tmp_path: Path) -> None:
    file = write(tmp_path / "container.json", as_text(container_export(plan())))

    assert main(["container", "--from", str(file), "--container", "GTM-ABC1234", "-o", str(file)]) == 0

    assert plan_of(json.loads(file.read_text(encoding="utf-8"))).container == "GTM-ABC1234"


def test_a_hyphen_writes_to_standard_output(capsys: Capture) -> None:
    assert written(capsys, *FLAGS, "-o", "-").events_url == EVENTS_URL


def test_what_is_written_is_utf_8_whatever_the_terminals_encoding() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gtm", "container", "--events-url", EVENTS_URL, "--event", "gekauft_für_€"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )

    assert plan_of(json.loads(ended.stdout)).tags[0].event == "gekauft_für_€"


def test_a_file_that_is_not_utf_8_says_so(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "gtm.yaml"
    file.write_text("events: {größe: }", encoding="latin-1")

    said = error(capsys, "container", "--events-url", EVENTS_URL, "--config", str(file))
    assert said == f"{file} is not UTF-8; save it in UTF-8"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_outputs_may_be_as_windows_writes_them(capsys: Capture, outputs: Path, encoding: str) -> None:
    outputs.write_text(json.dumps({"events_url": EVENTS_URL}), encoding=encoding)

    assert written(capsys, "container", "--outputs", str(outputs), "--event", "e").events_url == EVENTS_URL


@pytest.mark.parametrize(
    ("flag", "what"),
    [
        ("--outputs", "is no JSON object; give the output of `pulumi stack output --json`"),
        ("--from", "is not JSON; give another file"),
    ],
)
def test_json_of_too_many_levels_is_refused(capsys: Capture, tmp_path: Path, flag: str, what: str) -> None:
    file = write(tmp_path / "deep.json", "[" * 100_000)

    assert error(capsys, "container", flag, str(file)) == f"{file} {what}"


@pytest.mark.parametrize("text", ["{}", '{"events_url": 3}'])
def test_outputs_without_a_url_are_of_a_stack_that_is_not_up(
    capsys: Capture, outputs: Path, text: str
) -> None:
    write(outputs, text)

    line = error(capsys, "container", "--outputs", str(outputs), "--event", "e")

    assert line == f"{outputs} has no output events_url; run pulumi up first"


@pytest.mark.parametrize("text", ["", "[]"])
def test_outputs_that_are_no_json_object_are_refused(capsys: Capture, outputs: Path, text: str) -> None:
    write(outputs, text)

    line = error(capsys, "container", "--outputs", str(outputs), "--event", "e")

    assert line == f"{outputs} is no JSON object; give the output of `pulumi stack output --json`"


NO_OUTPUTS = (
    "`pulumi stack output --json` printed nothing; check that the Pulumi CLI is installed and the stack is "
    "deployed"
)

PIPED = {
    "nothing": ("", NO_OUTPUTS),
    "a line end": ("\n", NO_OUTPUTS),
    "no JSON": (
        "events_url",
        "standard input is no JSON object; give the output of `pulumi stack output --json`",
    ),
    "no URL": ("{}", "standard input has no output events_url; run pulumi up first"),
}


@pytest.mark.parametrize(("text", "expected"), PIPED.values(), ids=PIPED)
def test_piped_outputs_that_are_invalid_are_refused(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, text: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "stdin", piped(text))

    assert error(capsys, "container", "--outputs", "-", "--event", "e") == expected


def test_an_empty_pipe_for_from_does_not_blame_pulumi(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", piped(""))

    assert error(capsys, "container", "--from", "-") == "standard input is not JSON; give another file"


def test_each_error_of_a_file_is_a_line(capsys: Capture, tmp_path: Path) -> None:
    config = write(tmp_path / "gtm.yaml", "events: {gtm.js: {}, a: {metrics: {n: 1}}}")

    assert main(["container", "--config", str(config), "--events-url", EVENTS_URL]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith(f"error: {config}: events.") for line in lines] == [True, True]


def test_it_runs_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gtm", *FLAGS], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert plan_of(json.loads(ended.stdout)) == plan(PURCHASE)
    assert ended.stderr == ""
