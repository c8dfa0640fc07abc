"""docs/athena.md matches the files that the program writes: columns, types, paths and queries."""

import gzip
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from handler.destinations.firehose_records import EVENT_VERSION
from local.run import LocalRun
from tests.hostile import HOSTILE_VALUES
from tests.runs import AT_ONCE, Runs, new_endpoint, send, the_event_of

DOCUMENT = (Path(__file__).parents[1] / "docs" / "athena.md").read_text()
STATEMENTS = re.findall(r"```sql\n(.*?)\n```", DOCUMENT, re.DOTALL)
TABLE, *QUERIES = STATEMENTS

COLUMN = re.compile(r"^    (\w+) (.+?),?$", re.MULTILINE)
COLUMNS: Mapping[str, str] = dict(COLUMN.findall(TABLE.partition("\n)\n")[0]))
PARTITIONS = re.findall(r"(\w+) string", TABLE.partition("PARTITIONED BY")[2].partition(")")[0])
PROPERTIES: Mapping[str, str] = dict(re.findall(r"'([\w.]+)' = '([^']*)'", TABLE))

PYTHON_TYPES = {"string": str, "bigint": int, "double": float, "boolean": bool}


class WrittenFile(NamedTuple):
    key: str
    records: list[dict[str, Any]]


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared("destinations=firehose", "profileUpdates=all", *AT_ONCE)


@pytest.fixture
def written_file(run: LocalRun) -> WrittenFile:
    """The file of one event with everything that an event can have."""
    endpoint_id = new_endpoint()
    everything = {
        "evmt_value": "12.5",
        "usat_plan": "gold",
        **{f"evat_{number}": value for number, value in enumerate(HOSTILE_VALUES)},
    }
    send(run, event="purchase_success", endpoint_id=endpoint_id, **everything)
    the_event_of(run, endpoint_id)
    s3, bucket = run.cloud.client("s3"), run.outputs["event_bucket"]
    for key in (one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]):
        body = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        records = [json.loads(line) for line in body.splitlines()]
        if any(record["client"]["client_id"] == endpoint_id for record in records):
            return WrittenFile(key, records)
    raise AssertionError("the event is in no file")


def fits(type_: str, value: Any) -> bool:
    """Whether a JSON value has exactly the fields and types of a column type."""
    if found := re.fullmatch(r"struct<(.+)>", type_):
        fields = dict(field.split(": ") for field in found[1].split(", "))
        return set(value) == set(fields) and all(fits(fields[name], value[name]) for name in fields)
    if found := re.fullmatch(r"map<string, (\w+)>", type_):
        return all(fits(found[1], entry) for entry in value.values())
    return type(value) is PYTHON_TYPES[type_]


def test_the_table_has_a_column_for_each_key_of_a_record_and_no_other(written_file: WrittenFile) -> None:
    (record,) = written_file.records
    assert set(COLUMNS) == set(record)


def test_each_value_of_a_record_is_of_its_columns_type(written_file: WrittenFile) -> None:
    (record,) = written_file.records
    assert record["attributes"]
    assert record["metrics"]
    assert record["user_attributes"]
    assert [name for name, type_ in COLUMNS.items() if not fits(type_, record[name])] == []


def test_hostile_values_are_in_the_bucket_as_they_were_sent(written_file: WrittenFile) -> None:
    (record,) = written_file.records
    assert tuple(record["attributes"].values()) == HOSTILE_VALUES


def test_the_table_finds_a_file_where_the_program_puts_it(written_file: WrittenFile) -> None:
    prefix = re.search(r"LOCATION 's3://BUCKET/(.*)'", TABLE)
    assert prefix
    assert written_file.key.startswith(prefix[1])
    folders = written_file.key.removeprefix(prefix[1]).split("/")[:-1]
    assert [folder.partition("=")[0] for folder in folders] == PARTITIONS


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_table_works_out_the_path_of_a_day(written_file: WrittenFile, partition: str) -> None:
    value = dict(part.split("=") for part in written_file.key.split("/") if "=" in part)[partition]
    first, last = (int(limit) for limit in PROPERTIES[f"projection.{partition}.range"].split(","))
    digits = int(PROPERTIES.get(f"projection.{partition}.digits", "1"))
    assert PROPERTIES[f"projection.{partition}.type"] == "integer"
    assert first <= int(value) <= last
    assert value == f"{int(value):0{digits}}"


def test_a_month_and_a_day_below_ten_have_the_digits_that_the_path_has() -> None:
    assert [PROPERTIES[f"projection.{name}.digits"] for name in ("month", "day")] == ["2", "2"]


def test_a_file_lies_under_the_day_on_which_it_was_written(written_file: WrittenFile) -> None:
    moment = datetime.now(UTC)
    days = [f"year={day:%Y}/month={day:%m}/day={day:%d}" for day in (moment, moment - timedelta(hours=1))]
    assert any(f"/{day}/" in written_file.key for day in days)


def test_names_that_differ_only_in_case_are_distinct(run: LocalRun) -> None:
    endpoint_id = new_endpoint()
    send(run, event="purchase", endpoint_id=endpoint_id, evat_Plan="a", evat_plan="b")
    assert the_event_of(run, endpoint_id).attributes == {"Plan": "a", "plan": "b"}
    assert PROPERTIES["case.insensitive"] == "FALSE"


def test_the_document_describes_every_column() -> None:
    described = re.findall(r"^\| `([\w.]+)`(?:, `(\w+)`, `(\w+)`)? \|", DOCUMENT, re.MULTILINE)
    names = [name.partition(".")[0] for row in described for name in row if name]
    assert names[: len(COLUMNS) + 3] == [*COLUMNS, *PARTITIONS]


def test_the_document_gives_the_event_version() -> None:
    assert f"| `event_version` | `{EVENT_VERSION}` |" in DOCUMENT


def names_of(query: str) -> set[str]:
    """The columns that a query names: without keywords (upper case), functions, strings and aliases."""
    bare = re.sub(r"'[^']*'", "''", query)
    given = set(re.findall(r"\bAS (\w+)", bare))
    return set(re.findall(r"\b[a-z_]\w*(?:\.\w+)?\b(?!\()", bare)) - given - {"gtm_pixel_events"}


def test_there_are_three_queries() -> None:
    assert len(QUERIES) == 3


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_only_columns_of_the_table(query: str) -> None:
    fields = {f"{name}.{field}" for name, type_ in COLUMNS.items() for field in re.findall(r"(\w+): ", type_)}
    assert names_of(query) <= {*COLUMNS, *PARTITIONS, *fields}
    assert "FROM gtm_pixel_events" in query


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_reads_the_files_of_a_month_only(query: str) -> None:
    assert "WHERE year = '2026' AND month = '11'" in query


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_counts_an_event_once(query: str) -> None:
    counted = " ".join(query.split())
    assert "row_number() OVER (PARTITION BY client.client_id, event_type, event_id" in counted
    assert "ORDER BY proven DESC, arrival_timestamp) AS copy" in counted
    assert "WHERE copy = 1" in query


def test_the_page_of_the_url_gives_the_window_of_the_queries() -> None:
    """docs/url.md says how repeated events count once."""
    (window,) = set(re.findall(r"row_number\(\) OVER \([^)]*\)", re.sub(r"\s+", " ", " ".join(QUERIES))))

    assert f"`{window}`" in (Path(__file__).parents[1] / "docs" / "url.md").read_text()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_handles_map_keys_that_may_be_missing(query: str) -> None:
    assert "[" not in query


NOVEMBER_MS = 1_794_000_000_000
A_LINE: Mapping[str, Any] = {
    "event_type": "purchase_success",
    "event_id": "T-1001",
    "client_id": "ENDPOINT",
    "proven": True,
    "arrival_timestamp": NOVEMBER_MS,
    "event_timestamp": NOVEMBER_MS,
    "year": "2026",
    "month": "11",
    "attributes": '{"currency": "EUR"}',
    "metrics": '{"value": 99}',
}
LINES: list[Mapping[str, Any]] = [
    # Forged before the customer's event, by someone who guessed the order number.
    {**A_LINE, "proven": False, "arrival_timestamp": NOVEMBER_MS - 1, "metrics": '{"value": 1000000}'},
    A_LINE,
    {**A_LINE, "arrival_timestamp": NOVEMBER_MS + 1},  # delivered again
    {**A_LINE, "event_type": "refund", "metrics": '{"value": -99}'},
    {**A_LINE, "client_id": "another"},
]


def rows_of(query: str, lines: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """The rows of a query in SQLite, which has no structs and maps."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.create_function("element_at", 2, lambda map_, key: json.loads(map_).get(key))
        database.create_function("from_unixtime", 1, lambda s: datetime.fromtimestamp(s, UTC).isoformat())
        database.execute(f"CREATE TABLE gtm_pixel_events ({', '.join(A_LINE)})")
        places = ", ".join(f":{name}" for name in A_LINE)
        database.executemany(f"INSERT INTO gtm_pixel_events VALUES ({places})", lines)  # noqa: S608 - a test's
        return database.execute(query.replace("client.client_id", "client_id")).fetchall()


@pytest.mark.parametrize("order", [1, -1])
def test_the_queries_count_the_customers_own_event_once_and_no_forgery_instead(order: int) -> None:
    by_day, revenue, of_endpoint = (rows_of(query, LINES[::order]) for query in QUERIES)

    assert by_day == [("2026-11-06", "purchase_success", 2), ("2026-11-06", "refund", 1)]
    assert revenue == [("EUR", 198, 2)]
    assert sorted((event_type, metrics) for _, event_type, _, metrics in of_endpoint) == [
        ("purchase_success", '{"value": 99}'),
        ("refund", '{"value": -99}'),
    ]


def test_an_unproven_event_counts_if_there_is_no_proven_one() -> None:
    forged, *_ = LINES

    assert rows_of(QUERIES[1], [forged, forged]) == [("EUR", 1_000_000, 1)]
