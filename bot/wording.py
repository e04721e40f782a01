"""Every word a user reads: in English where it is said, in other languages by gettext catalogues in `locale/`."""

import gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

DOMAIN = "prepdeck"
FOLDER = Path(__file__).parent / "locale"

language: ContextVar[str] = ContextVar("language", default="en")


def languages() -> frozenset[str]:
    """The languages that can be spoken."""
    return frozenset({"en", *(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))})


def say(text: str, /, **values: object) -> str:
    """The text in the language of whom we talk to, with its `{values}` put in."""
    return _catalogue(language.get()).gettext(text).format(**values)


def count(one: str, many: str, number: int, /, **values: object) -> str:
    """The text for this number of things; `{number}` is put in."""
    return _catalogue(language.get()).ngettext(one, many, number).format(number=number, **values)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [name], fallback=True)
