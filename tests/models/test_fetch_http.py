from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.base import FetchError
from models.fetch_http import Request, fetch
from tests.models.web import Answer, Handler, cut, hang_up, serving, status, whole

DATA = bytes(range(256)) * 1024


class Client:
    """One download with what it asked, waited and reported."""

    def __init__(self, folder: Path) -> None:
        self.part = folder / "model.bin.part"
        self.waited: list[float] = []
        self.seen: list[tuple[int, int]] = []

    def get(
        self, url: str, size: int = len(DATA), attempts: int = 4, timeout_s: float = 20, token: str = ""
    ) -> bytes:
        fetch(
            Request(url, self.part, size, token, timeout_s, attempts),
            self.waited.append,
            lambda done, total: self.seen.append((done, total)),
        )
        return self.part.read_bytes()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    yield Client(tmp_path)


def test_a_file_comes_whole_and_reports_its_progress(client: Client) -> None:
    with serving(whole(DATA)) as web:
        assert client.get(web.url) == DATA
    assert client.seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in client.seen] == sorted(done for done, _ in client.seen)


def test_a_cut_connection_is_resumed_where_it_broke(client: Client) -> None:
    with serving(cut(DATA, 100_000), whole(DATA)) as web:
        assert client.get(web.url) == DATA
    assert web.asked[1]["Range"] == "bytes=100000-"
    assert web.asked[1]["If-Range"] == '"v1"'


def test_a_later_run_goes_on_from_the_part_of_an_earlier_one(client: Client) -> None:
    with serving(cut(DATA, 70_000), whole(DATA)) as web:
        with pytest.raises(FetchError, match="cut at 70000 of 262144"):
            client.get(web.url, attempts=1)
        assert client.get(web.url) == DATA
    assert web.asked[1]["Range"] == "bytes=70000-"


def test_a_file_that_changed_in_between_begins_anew(client: Client) -> None:
    changed = DATA[::-1]
    with serving(cut(DATA, 70_000), whole(changed, '"v2"')) as web:
        assert client.get(web.url) == changed


def test_without_a_strong_validator_nothing_is_resumed(client: Client) -> None:
    with serving(cut(DATA, 70_000, 'W/"v1"'), whole(DATA)) as web:
        assert client.get(web.url) == DATA
    assert "Range" not in web.asked[1]


def test_another_source_does_not_go_on_from_the_first_ones_part(client: Client) -> None:
    with serving(cut(DATA[::-1], 70_000)) as first, pytest.raises(FetchError):
        client.get(first.url, attempts=1)
    with serving(whole(DATA)) as second:
        assert client.get(second.url) == DATA
    assert "Range" not in second.asked[0]


def test_a_range_past_the_end_begins_anew(client: Client) -> None:
    with serving(cut(DATA, 70_000), status(416), whole(DATA)) as web:
        assert client.get(web.url) == DATA
    assert "Range" not in web.asked[2]


def test_another_part_than_was_asked_for_is_not_appended(client: Client) -> None:
    def from_the_start(handler: Handler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-{len(DATA) - 1}/{len(DATA)}")
        handler.send_header("Content-Length", str(len(DATA)))
        handler.end_headers()
        with contextlib.suppress(ConnectionError):
            handler.wfile.write(DATA)

    with serving(cut(DATA, 70_000), from_the_start, whole(DATA)) as web:
        assert client.get(web.url) == DATA


@pytest.mark.parametrize(
    ("code", "words"),
    [(401, "wants a login"), (403, "refuses"), (404, "no such file"), (410, "no more"), (418, "teapot")],
)
def test_a_refusal_is_said_once_and_not_tried_again(client: Client, code: int, words: str) -> None:
    with serving(status(code)) as web, pytest.raises(FetchError, match=f"HTTP {code}.*(?i:{words})"):
        client.get(web.url)
    assert len(web.asked) == 1
    assert client.waited == []


def test_too_many_requests_waits_as_long_as_asked(client: Client) -> None:
    with serving(status(429, Retry_After="7"), whole(DATA)) as web:
        assert client.get(web.url) == DATA
    assert client.waited == [7.0]


def test_a_date_to_retry_after_counts_from_the_answers_own(client: Client) -> None:
    with serving(status(429, Retry_After="Thu, 01 Jan 2099 00:00:30 GMT"), whole(DATA)) as web:
        assert client.get(web.url) == DATA
    assert client.waited == [30.0]


def test_a_wait_of_hours_is_refused(client: Client) -> None:
    with serving(status(429, Retry_After="7200")) as web, pytest.raises(FetchError, match="wait 7200 s"):
        client.get(web.url)
    assert client.waited == []


def test_a_server_in_trouble_is_tried_again_with_growing_waits(client: Client) -> None:
    with serving(status(503)) as web, pytest.raises(FetchError, match=r"HTTP 503.*4 times in a row"):
        client.get(web.url)
    assert client.waited == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("trouble", [hang_up, status(500), cut(DATA, 0)])
def test_trouble_that_passes_is_overcome(client: Client, trouble: Answer) -> None:
    with serving(trouble, whole(DATA)) as web:
        assert client.get(web.url) == DATA


def test_a_redirect_is_followed(client: Client) -> None:
    with serving(whole(DATA)) as target, serving(status(302, Location=target.url)) as web:
        assert client.get(web.url) == DATA


def test_a_login_goes_to_its_own_server_only(client: Client) -> None:
    with serving(whole(DATA)) as other, serving(status(302, Location=other.url)) as web:
        assert client.get(web.url, token="secret") == DATA
    assert web.asked[0]["Authorization"] == "Bearer secret"
    assert "Authorization" not in other.asked[0]


def test_a_login_follows_a_redirect_within_its_server(client: Client) -> None:
    with serving(status(307, Location="/renamed/model.bin"), whole(DATA)) as web:
        assert client.get(web.url, token="secret") == DATA
    assert [asked["Authorization"] for asked in web.asked] == ["Bearer secret"] * 2


def test_a_login_does_not_come_back_from_another_server(client: Client) -> None:
    with serving(whole(DATA)) as web, serving(status(302, Location=web.url)) as other:
        web.answers.insert(0, status(302, Location=other.url))
        assert client.get(web.url, token="secret") == DATA
    assert web.asked[0]["Authorization"] == "Bearer secret"
    assert "Authorization" not in other.asked[0]
    assert "Authorization" not in web.asked[1]


def test_a_redirect_to_this_machines_files_is_not_followed(client: Client) -> None:
    with serving(status(302, Location="file:///etc/hostname")) as web, pytest.raises(FetchError):
        client.get(web.url)
    assert not client.part.exists()


def test_more_bytes_than_the_manifest_says_are_refused(client: Client) -> None:
    with serving(whole(DATA)) as web, pytest.raises(FetchError, match="more than 1000 bytes"):
        client.get(web.url, size=1000)
    assert not client.part.exists()


def test_nobody_listening_is_said_at_once(client: Client) -> None:
    with serving(whole(DATA)) as web:
        url = web.url
    with pytest.raises(FetchError, match=r"can't be reached.*online"):
        client.get(url)
    assert client.waited == []


def test_a_full_disk_is_the_systems_own_error(client: Client) -> None:
    client.part.symlink_to("/dev/full")
    with serving(whole(DATA)) as web, pytest.raises(OSError, match="No space left") as caught:
        client.get(web.url)
    assert caught.value.errno == errno.ENOSPC
