from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.barcode.gtin import check_digit
from runtime.features.snap.catalogue import Catalogue
from runtime.features.snap.importer import LONGEST, Progress, import_dump
from runtime.features.snap.openfoodfacts import (
    LIMITS,
    BadCodeError,
    BadRowError,
    csv_parser,
    parse_json,
)
from runtime.features.snap.result import ImportFailedError

COLUMNS = (
    "code", "url", "creator", "created_t", "last_modified_t", "product_name", "generic_name", "quantity",
    "brands", "categories", "countries_tags", "ingredients_text", "allergens", "traces",
)  # fmt: skip


def gtin(number: int) -> str:
    body = f"40{number:010}"
    return body + check_digit(body)


def row(code: str, name: str = "Oats", modified: object = 100, **cells: str) -> bytes:
    values = {"code": code, "product_name": name, "last_modified_t": str(modified), **cells}
    return "\t".join(values.get(column, "") for column in COLUMNS).encode() + b"\n"


def csv(*rows: bytes) -> bytes:
    return "\t".join(COLUMNS).encode() + b"\n" + b"".join(rows)


def jsonl(*products: Mapping[str, object]) -> bytes:
    return b"".join(json.dumps(product).encode() + b"\n" for product in products)


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    with Catalogue(":memory:") as made:
        yield made


def dump(tmp_path: Path, data: bytes, name: str = "products.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["products.csv", "products.csv.gz"])
def test_the_csv_export(tmp_path: Path, catalogue: Catalogue, name: str) -> None:
    data = csv(
        row(
            gtin(1),
            "Oat drink",
            7,
            brands="Mill",
            quantity="1 l",
            ingredients_text="water, oats",
            allergens="en:gluten,en:soybeans",
        ),
        row("036000291452", "Pads"),
    )
    summary = import_dump(dump(tmp_path, data, name), catalogue)
    assert (summary.written, summary.finished, summary.line) == (2, True, 3)
    product = catalogue.lookup(gtin(1))
    assert product is not None
    assert (product.name, product.brand, product.quantity, product.updated) == ("Oat drink", "Mill", "1 l", 7)
    assert (product.ingredients, product.allergens) == ("water, oats", "gluten, soybeans")
    assert product.source == "Open Food Facts"
    assert catalogue.lookup("0036000291452") is not None


@pytest.mark.parametrize("name", ["products.jsonl", "products.jsonl.gz"])
def test_the_jsonl_dump(tmp_path: Path, catalogue: Catalogue, name: str) -> None:
    data = jsonl(
        {"code": gtin(1), "product_name": "Oat drink", "brands": ["Mill", "Co"],
         "allergens_tags": ["en:gluten"], "last_modified_t": {"$numberLong": "12"},
         "nutriments": {"energy": [1, {"deep": None}]}},
        {"_id": gtin(2), "product_name": "", "product_name_en": "Tea", "last_modified_t": "13"},
        {"code": int(gtin(3)), "generic_name": "Salt", "quantity": 500, "last_modified_t": None},
    )  # fmt: skip
    assert import_dump(dump(tmp_path, data, name), catalogue).written == 3
    first, second, third = (catalogue.lookup(gtin(i)) for i in (1, 2, 3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.brand, first.allergens, first.updated) == ("Mill, Co", "gluten", 12)
    assert (second.name, second.updated) == ("Tea", 13)
    assert (third.name, third.quantity, third.updated) == ("Salt", "", 0)


def test_the_usual_dirt_is_counted_and_named_and_the_rest_comes_in(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    data = csv(
        row("4006381333932", "wrong check digit"),
        row("", "no code"),
        row("12345", "an in-house number"),
        row(gtin(1), 'Said "best" in town'),
        row(gtin(2), '"Oats ""fine"""'),
        b"only\tthree\tcells\n",
        row(gtin(3)).replace(b"Oats", b"Caf\xe9\x00 cr\xffme"),
        row(gtin(4), "", ingredients_text=""),
        row(gtin(5), "&quot;Tea&quot; &amp; more"),
        row(gtin(6), "x" * 100_000, modified="soon"),
        b"\n",
        row(gtin(7)).rstrip(b"\n") + b"\r\n",
    )
    path = dump(tmp_path, data)
    summary = import_dump(path, catalogue)
    assert (summary.invalid_codes, summary.broken, summary.empty, summary.written) == (3, 1, 1, 6)
    assert summary.problems == [f"{path}:7: 3 columns, the header has {len(COLUMNS)}; skipped"]
    names = [product.name if (product := catalogue.lookup(gtin(i))) else None for i in range(1, 8)]
    assert names == [
        'Said "best" in town',
        'Oats "fine"',
        "Caf\ufffd cr\ufffdme",
        None,
        '"Tea" & more',
        "x" * 200,
        "Oats",
    ]
    assert "6 products written" in summary.text()


def test_broken_json_lines_are_named(tmp_path: Path, catalogue: Catalogue) -> None:
    good = jsonl({"code": gtin(1), "product_name": "Tea"})
    dirty = json.dumps({"code": gtin(2), "product_name": "Caf?"}).encode().replace(b"?", b"\xe9\x00") + b"\n"
    path = dump(tmp_path, good + b'{"code": "40\n' + b"[1, 2]\n" + dirty, "products.jsonl")
    summary = import_dump(path, catalogue)
    assert (summary.written, summary.broken) == (2, 2)
    assert [problem.split(": ")[0] for problem in summary.problems] == [f"{path}:2", f"{path}:3"]


def test_a_line_without_end_is_skipped_in_bounded_memory(tmp_path: Path, catalogue: Catalogue) -> None:
    data = csv(row(gtin(1)), row(gtin(2), "y" * (2 * LONGEST + 10)), row(gtin(3)))
    summary = import_dump(dump(tmp_path, data), catalogue)
    assert (summary.written, summary.broken, summary.line) == (2, 1, 4)


def test_a_newer_dump_updates_and_an_older_one_does_not(tmp_path: Path, catalogue: Catalogue) -> None:
    import_dump(dump(tmp_path, csv(row(gtin(1), "new", 20)), "a.csv"), catalogue)
    older = import_dump(dump(tmp_path, csv(row(gtin(1), "old", 10)), "b.csv"), catalogue)
    newer = import_dump(dump(tmp_path, csv(row(gtin(1), "newest", 30)), "c.csv"), catalogue)
    assert (older.written, older.older, newer.written) == (0, 1, 1)
    product = catalogue.lookup(gtin(1))
    assert product is not None
    assert product.name == "newest"


@pytest.mark.parametrize("name", ["products.csv", "products.jsonl.gz"])
def test_an_import_that_was_stopped_goes_on(tmp_path: Path, name: str) -> None:
    rows = csv(*(row(gtin(i)) for i in range(100)))
    lines = jsonl(*({"code": gtin(i), "product_name": "Oats"} for i in range(100)))
    path = dump(tmp_path, lines if "jsonl" in name else rows, name)

    def stop(progress: Progress) -> None:
        if progress.summary.line >= 40:
            raise KeyboardInterrupt

    with Catalogue(tmp_path / "c.db", create=True) as catalogue:
        with pytest.raises(KeyboardInterrupt):
            import_dump(path, catalogue, stop, batch=20)
        assert 0 < len(catalogue) < 100
    seen: list[int] = []
    with Catalogue(tmp_path / "c.db") as catalogue:
        summary = import_dump(path, catalogue, lambda progress: seen.append(progress.summary.line), batch=20)
        assert len(catalogue) == 100
    assert seen[0] == 60, "it went on behind the last batch, it did not begin anew"
    assert (summary.written, summary.older) == (100, 0)


def test_a_finished_dump_is_not_read_again_but_a_new_one_is(tmp_path: Path, catalogue: Catalogue) -> None:
    path = dump(tmp_path, csv(row(gtin(1))))
    import_dump(path, catalogue)
    calls: list[Progress] = []
    assert import_dump(path, catalogue, calls.append).written == 1
    assert not calls
    dump(tmp_path, csv(row(gtin(1)), row(gtin(2))))
    assert import_dump(path, catalogue).written == 1


def test_progress_counts_bytes_of_the_file(tmp_path: Path, catalogue: Catalogue) -> None:
    path = dump(tmp_path, csv(*(row(gtin(i)) for i in range(50))), "p.csv.gz")
    calls: list[tuple[int, int]] = []
    import_dump(path, catalogue, lambda progress: calls.append((progress.done, progress.total)), batch=10)
    assert calls == sorted(calls)
    assert calls[-1] == (path.stat().st_size, path.stat().st_size)


def test_a_download_that_broke_off_names_its_line_and_keeps_the_rest(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    whole = gzip.compress(csv(*(row(gtin(i), f"Product {i * 7919}") for i in range(5000))))
    path = tmp_path / "products.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        ImportFailedError, match=r"products\.csv\.gz:\d+: can't be read further .*fetch the file again"
    ):
        import_dump(path, catalogue, batch=100)
    assert len(catalogue) > 1000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = (
    "code",
    "_id",
    "product_name",
    "brands",
    "quantity",
    "ingredients_text",
    "allergens_tags",
    "last_modified_t",
)
ROWS = st.dictionaries(st.sampled_from(NAMES), JSON).flatmap(
    lambda row: st.sampled_from([row, {**row, "code": gtin(1)}])
)


@pytest.mark.parametrize("line", [b'{"a":' * 100_000, b'{"code": ' + b"1" * 5000 + b"}", b'{"code": 1e999}'])
def test_hostile_json_is_a_broken_row(line: bytes) -> None:
    with pytest.raises(BadRowError):
        parse_json(line)


@given(st.binary(max_size=200) | ROWS.map(lambda row: json.dumps(row).encode()))
def test_any_line_is_a_product_or_a_documented_error(line: bytes) -> None:
    header = "\t".join(COLUMNS).encode()
    cells = line.replace(b"\t", b" ")
    wide = b"\t".join([gtin(1).encode(), *[cells] * (len(COLUMNS) - 1)])
    for parse, data in ((parse_json, line), (csv_parser(header, "x"), line), (csv_parser(header, "x"), wide)):
        with contextlib.suppress(BadRowError, BadCodeError):
            product = parse(data)
            assert product is None or (product.updated >= 0 and len(product.name) <= LIMITS["name"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r":1: the file is empty"),
        (b"name\tprice\nTea\t2\n", r":1: the header has no 'code' column"),
        (b"\x1f\x8bbroken", r":1: can't be read further"),
        (b"PK\x03\x04 a zip file", r":1: the header has no 'code' column"),
    ],
)
def test_what_is_no_dump_is_refused(tmp_path: Path, catalogue: Catalogue, data: bytes, message: str) -> None:
    path = tmp_path / "dump"
    path.write_bytes(data)
    with pytest.raises(ImportFailedError, match=message):
        import_dump(path, catalogue)


def test_a_missing_file_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(ImportFailedError, match=r"none\.csv: .*is the name right"):
        import_dump(tmp_path / "none.csv", catalogue)


def rows_like_the_real_ones(count: int) -> Iterator[bytes]:
    yield "\t".join(COLUMNS).encode() + b"\n"
    for i in range(count):
        yield row(
            gtin(i),
            f"Product {i}",
            1_700_000_000 + i,
            ingredients_text="water, sugar, " * (i % 40),
            brands="Mill",
        )


def test_twenty_thousand_rows_come_in_quickly(tmp_path: Path) -> None:
    path = tmp_path / "products.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.writelines(rows_like_the_real_ones(20_000))
    with Catalogue(tmp_path / "c.db", create=True) as catalogue:
        assert import_dump(path, catalogue).written == 20_000


IMPORT = """
import resource, sys
from pathlib import Path
from runtime.features.snap.catalogue import Catalogue
from runtime.features.snap.importer import import_dump
with Catalogue(Path(sys.argv[2]), create=True) as catalogue:
    import_dump(Path(sys.argv[1]), catalogue)
    print(len(catalogue), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_dump(tmp_path: Path) -> None:
    def peak_kib(count: int) -> int:
        path = tmp_path / f"{count}.csv.gz"
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.writelines(rows_like_the_real_ones(count))
        out = subprocess.run(
            [sys.executable, "-c", IMPORT, path, tmp_path / f"{count}.db"],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[4],
        ).stdout.split()  # fmt: skip
        assert int(out[0]) == count
        return int(out[1])

    assert peak_kib(200_000) - peak_kib(20_000) < 8 * 1024
