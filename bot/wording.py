"""Every word a user reads: in English where it is said, in other languages by gettext catalogues in `locale/`."""

import gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

DOMAIN = "prepdeck"
FOLDER = Path(__file__).parent / "locale"

language: ContextVar[str] = ContextVar("language", default="en")


@cache
def languages() -> frozenset[str]:
    """The languages that can be spoken."""
    return frozenset({"en", *(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))})


def best(locale: str) -> str:
    """The language to speak with somebody whose platform says `pt-BR`, `de` or nothing."""
    spoken = languages()
    return next((name for name in (locale, locale.partition("-")[0]) if name in spoken), "en")


def said_in(name: str, text: str) -> str:
    """The text in another language than that of whom we talk to."""
    return _catalogue(name).gettext(text)


def say(text: str, /, **values: object) -> str:
    """The text in the language of whom we talk to, with its `{values}` put in."""
    return _catalogue(language.get()).gettext(text).format(**values)


def count(one: str, many: str, number: int, /, **values: object) -> str:
    """The text for this number of things; `{number}` is put in."""
    return _catalogue(language.get()).ngettext(one, many, number).format(number=number, **values)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [name], fallback=True)
