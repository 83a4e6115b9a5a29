"""Cut the HUD's fonts from OFL fonts of the package indexes: ``python -m tools.fonts``.

Each source is fetched by name with pip or npm, checked against its SHA-256, set to one weight, reduced to the
characters a wearer meets and written to ``runtime/hud/fonts``. The same sources give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

OUT = Path(__file__).resolve().parent.parent / "runtime" / "hud" / "fonts"
WEIGHT = {"wght": 450, "wdth": 100}  # a touch heavier than Regular: light on black looks thinner than ink
FIXED_DATE = 3_850_000_000  # seconds since 1904, so that the file does not depend on the day


class Source(msgspec.Struct, frozen=True):
    """A font inside a wheel ("pip") or a package ("npm"), and the hash of that archive."""

    tool: str
    package: str
    member: str
    sha256: str


NOTO = Source(
    "pip", "fontpkg-noto-sans==2.15", "fontpkg_noto_sans/files/NotoSans[wdth,wght].ttf",
    "54016cb4dfbfdd8f0cae3d71a9401a73e786a473debd12f1d79067e349c9a4a3",
)  # fmt: skip
ARABIC = Source(
    "pip", "fontpkg-noto-sans-arabic==2.12", "fontpkg_noto_sans_arabic/files/NotoSansArabic[wdth,wght].ttf",
    "eeca37a7ad6854bf1b6aa42bbce1908a6a6dcd2252ed56d021c20b613f6d16fc",
)  # fmt: skip
DEVANAGARI = Source(
    "pip", "fontpkg-noto-sans-devanagari==2.7",
    "fontpkg_noto_sans_devanagari/files/NotoSansDevanagari[wdth,wght].ttf",
    "3f8859d4905238a95daecf45c508dff148936e5aa60bd2e30a89333041a64adf",
)  # fmt: skip
THAI = Source(
    "pip", "fontpkg-noto-sans-thai==2.2", "fontpkg_noto_sans_thai/files/NotoSansThai[wdth,wght].ttf",
    "1768cb43e1b01a5614a771a07c579c5d6109d21e8ef9fd4920de3cd7f842f863",
)  # fmt: skip
HEBREW = Source(
    "npm", "@expo-google-fonts/noto-sans-hebrew@0.4.1", "package/400Regular/NotoSansHebrew_400Regular.ttf",
    "f82f8e852e3355521c511f2762a0130216d208d108bf4739aa977eb6a6d3012c",
)  # fmt: skip
CJK = Source(
    "pip", "rinoh-typeface-notosanscjk==0.0.1", "rinoh_typeface_notosanscjk/notosanscjkjp-regular.otf",
    "102e17adefa90f9c89c4a5e3afc2c876a6e64ee7af6128f6de2a37c1280a6a77",
)  # fmt: skip


def span(*ranges: tuple[int, int]) -> set[int]:
    """Code points of inclusive ranges."""
    return {code for first, last in ranges for code in range(first, last + 1)}


def encoded(codec: str, lead: Iterable[int], trail: Iterable[int]) -> set[int]:
    """What a two-byte character set holds in these rows."""
    rows = ((bytes((a, b))).decode(codec, "ignore") for a in lead for b in trail)
    return {ord(text) for text in rows if len(text) == 1}


LATIN = span(
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF),
    (0x2000, 0x206F), (0x2070, 0x209F), (0x20A0, 0x20C0), (0x2100, 0x218F), (0x2190, 0x2199),
    (0x2200, 0x2265), (0x25A0, 0x25FF),
)  # fmt: skip
GB_1 = encoded("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))
GB_2 = encoded("gb2312", range(0xD8, 0xF8), range(0xA1, 0xFF))
BIG5_1 = encoded("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
JIS_1 = encoded("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF))
KSX = encoded("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF))
CJK_SIGNS = span(
    (0x3000, 0x303F), (0x3040, 0x30FF), (0x3105, 0x312F), (0x31F0, 0x31FF), (0x3200, 0x33FF),
    (0xFF01, 0xFFEE), (0x2018, 0x201D), (0x2460, 0x24FF), (0x2E80, 0x2E99),
)  # fmt: skip
JAMO = span((0x1100, 0x11FF), (0x3131, 0x318E))

FONTS: dict[str, tuple[Source, set[int]]] = {
    "latin.ttf": (NOTO, LATIN),
    "arabic.ttf": (ARABIC, span((0x600, 0x6FF), (0x750, 0x77F), (0x200C, 0x200F), (0x25CC, 0x25CC))),
    "hebrew.ttf": (HEBREW, span((0x590, 0x5FF), (0xFB1D, 0xFB4F), (0x25CC, 0x25CC))),
    "devanagari.ttf": (DEVANAGARI, span((0x900, 0x97F), (0x200C, 0x200D), (0x25CC, 0x25CC))),
    "thai.ttf": (THAI, span((0xE00, 0xE7F), (0x25CC, 0x25CC))),
    "cjk.otf": (CJK, GB_1 | CJK_SIGNS),
    "cjk-rare.otf": (CJK, GB_2 - GB_1),
    "cjk-traditional.otf": (CJK, (BIG5_1 | JIS_1) - GB_1 - GB_2),
    "hangul.otf": (CJK, KSX | JAMO),
}


def main() -> int:
    """Write every font. 1 when a source can't be had or is not what it was."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wanted_sources = dict.fromkeys(source for source, _ in FONTS.values())
        sources = {source: fetch(source, Path(folder)) for source in wanted_sources}
    for name, (source, wanted) in FONTS.items():
        path = OUT / name
        font = cut(sources[source], wanted)
        path.write_bytes(font)
        print(f"{name:<22} {len(font) / 1024:8.0f} KB  {hashlib.sha256(font).hexdigest()}")
    return 0


def fetch(source: Source, folder: Path) -> bytes:
    """The font's bytes out of its verified archive; nothing of the archive is run."""
    before = set(folder.iterdir())
    command = (
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(folder), source.package]
        if source.tool == "pip"
        else ["npm", "pack", "--silent", "--pack-destination", str(folder), source.package]
    )
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    archive = (set(folder.iterdir()) - before).pop()
    raw = archive.read_bytes()
    if hashlib.sha256(raw).hexdigest() != source.sha256:
        raise SystemExit(f"{source.package}: is not the archive that was verified; look before you take it")
    return _member(raw, source.member)


def _member(archive: bytes, name: str) -> bytes:
    if archive[:2] == b"PK":
        return zipfile.ZipFile(io.BytesIO(archive)).read(name)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.extractfile(name)
        assert member is not None
        return member.read()


def cut(raw: bytes, wanted: set[int]) -> bytes:
    """One weight, only ``wanted`` characters, no hinting; Han in its mainland Chinese forms."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font: Any = TTFont(io.BytesIO(raw), recalcTimestamp=False)
    if "fvar" in font:
        font = instantiateVariableFont(font, WEIGHT)
    if "CFF " in font:
        _prefer_mainland_forms(font)
    options = subset.Options(
        hinting=False,
        notdef_outline=True,
        layout_features=["*"],
        drop_tables=["DSIG", "vhea", "vmtx", "VORG", "BASE"],
    )
    if "CFF " in font:
        options.layout_features = ["ccmp", "kern", "ljmo", "vjmo", "tjmo"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    font["head"].created = font["head"].modified = FIXED_DATE
    out = io.BytesIO()
    font.save(out, reorderTables=True)
    return out.getvalue()


def _prefer_mainland_forms(font: Any) -> None:
    """Point the character map at what ``locl`` gives for Simplified Chinese, so that no feature is needed."""
    table = font["GSUB"].table
    features = {
        index
        for script in table.ScriptList.ScriptRecord
        for record in script.Script.LangSysRecord
        if record.LangSysTag == "ZHS "
        for index in record.LangSys.FeatureIndex
    }
    local = [table.FeatureList.FeatureRecord[i] for i in features]
    lookups = {i for f in local if f.FeatureTag == "locl" for i in f.Feature.LookupListIndex}
    forms: dict[str, str] = {}
    for lookup in lookups:
        for part in table.LookupList.Lookup[lookup].SubTable:
            forms.update(getattr(getattr(part, "ExtSubTable", part), "mapping", {}))
    for characters in font["cmap"].tables:
        if characters.format != 14:
            for code, glyph in characters.cmap.items():
                characters.cmap[code] = forms.get(glyph, glyph)


if __name__ == "__main__":
    sys.exit(main())
