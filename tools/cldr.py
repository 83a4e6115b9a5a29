"""Make ``models/translation/data/cldr.json``: what places, months, weekdays and languages are called, by language.

The names are those of the Unicode CLDR (Unicode License v3), read through Babel, which only this needs:
``pip install babel && python -m tools.cldr``.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parents[1] / "models" / "translation" / "data" / "cldr.json"
HAN = re.compile(r"[\u4e00-\u9fff]")
LANGUAGES = ("zh", "zh_Hant", "ja", "ko", "ru", "ar", "fr", "de", "es", "it", "pt")


def places(language: str) -> dict[str, str]:
    """Territories and cities: the name in ``language`` → the English one."""
    here, english = _locale(language), _locale("en")
    found = {
        name: english.territories[code]
        for code, name in here.territories.items()
        if len(code) == 2 and code in english.territories
    }
    for zone, about in here.time_zones.items():
        name, known = about.get("city"), english.time_zones.get(zone, {}).get("city")
        if isinstance(name, str) and zone.split("/")[0] in (
            "Africa",
            "America",
            "Asia",
            "Australia",
            "Europe",
        ):
            found.setdefault(name, known or zone.rsplit("/", 1)[1].replace("_", " "))
    return {name: known for name, known in sorted(found.items()) if len(name) > 1 and len(known) < 30}


def calendar(language: str) -> dict[str, dict[str, int]]:
    """Names of the months, 1 to 12, and of the weekdays, Monday 1, in small letters."""
    here = _locale(language)
    months: dict[str, int] = {}
    days: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        months |= {name.lower(): number for number, name in here.months[context]["wide"].items()}
        days |= {name.lower(): number + 1 for number, name in here.days[context]["wide"].items()}
    table = {"months": months, "weekdays": days}
    if language.startswith(("zh", "ja")):
        return table
    # Babel gives another language's where the CLDR refers to a calendar's root.
    return {
        key: {name: n for name, n in names.items() if not HAN.search(name)} for key, names in table.items()
    }


def made() -> dict[str, Any]:
    """The whole file; Chinese in both scripts is one language."""
    table: dict[str, Any] = {}
    for language in LANGUAGES:
        entry: dict[str, dict[str, Any]] = {"places": places(language), **calendar(language)}
        short = language.split("_")[0]
        table[short] = {key: {**entry[key], **table.get(short, {}).get(key, {})} for key in entry}
    english = _locale("en")
    names = {name for name in english.languages.values() if name.isalpha()}
    return {"languages": sorted(names), "names": table}


def _locale(name: str) -> Any:
    from babel import Locale

    return Locale.parse(name)


def main() -> None:
    """Write the file."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    PLACE.write_text(
        json.dumps(made(), ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
