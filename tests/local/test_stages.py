"""A stack with a new stage and its previous one, over HTTP."""

from urllib.parse import urlsplit

from tests.runs import AT_ONCE, Runs, new_endpoint, send_as_written, the_event_of


def test_events_of_both_urls_are_recorded(runs: Runs) -> None:
    run = runs.shared("stageName=v2", "previousStageName=v1", *AT_ONCE)
    urls = [run.outputs["events_url"], run.outputs["previous_events_url"]]
    endpoints = [new_endpoint() for _ in urls]

    for url, endpoint in zip(urls, endpoints, strict=True):
        response = send_as_written(run, f"?event=purchase&endpoint_id={endpoint}", path=urlsplit(url).path)
        assert response.status == 200

    assert [urlsplit(url).path for url in urls] == ["/v2/events", "/v1/events"]
    assert [the_event_of(run, endpoint).event for endpoint in endpoints] == ["purchase", "purchase"]
