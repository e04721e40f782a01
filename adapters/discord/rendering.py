"""Cards as Discord shows them: containers with text, a picture, buttons; a message for each page."""

from io import BytesIO
from typing import Any

import discord
from discord import ui

from adapters.paging import pages
from bot.messages import Card, File, Tone

VIEW_TEXT = 4_000  # characters of all texts of a message
PAGE_TEXT = 3_600  # of a page's body, so that heading, fields and a page number fit too

_COLOURS = {
    Tone.PLAIN: discord.Colour(0x5865F2),
    Tone.GOOD: discord.Colour(0x2E8B57),
    Tone.PARTLY: discord.Colour(0xE0A030),
    Tone.BAD: discord.Colour(0xC0392B),
    Tone.ADVICE: discord.Colour(0x5865F2),
    Tone.TROUBLE: discord.Colour(0x8E44AD),
}
_STYLES = {
    Tone.PLAIN: discord.ButtonStyle.secondary,
    Tone.GOOD: discord.ButtonStyle.success,
    Tone.BAD: discord.ButtonStyle.danger,
}


class Page:
    """One message: a card, or a part of it; with a file, or that alone."""

    def __init__(
        self,
        card: Card | None = None,
        body: str = "",
        *,
        first: bool = True,
        last: bool = True,
        ping: str = "",
        file: File | None = None,
    ) -> None:
        self._ping = ping if first else ""
        self._card = card
        self._body = body
        self._first = first
        self._last = last
        self.file = file if last else None

    def view(self) -> ui.LayoutView:
        view = ui.LayoutView(timeout=None)
        if self._ping:
            view.add_item(ui.TextDisplay(self._ping))
        if self._card:
            view.add_item(self._box(self._card))
        if self.file:  # Discord shows what it was sent only where a component says so
            view.add_item(ui.File(f"attachment://{self.file.name}"))
        view.stop()  # so that discord.py does not keep it: presses are answered from their custom_id
        return view

    def _box(self, card: Card) -> ui.Container[Any]:
        texts = [f"### {card.heading}"] if self._first else []
        texts += [self._body] if self._body else []
        if self._last and card.fields:
            texts.append("\n" + "  ·  ".join(f"**{name}:** {value}" for name, value in card.fields))
        box: ui.Container[Any] = ui.Container(accent_colour=_COLOURS[card.tone])
        box.add_item(ui.TextDisplay("\n".join(texts)))
        if self._last:
            if card.picture:
                item = discord.MediaGalleryItem(f"attachment://{card.picture.name}", description=card.picture.alt)
                box.add_item(ui.MediaGallery(item))
            if card.rows:
                box.add_item(ui.Separator())
            for row in card.rows:
                buttons = [
                    ui.Button[Any](style=_STYLES[one.tone], label=one.label, custom_id=one.press.pack()) for one in row
                ]
                box.add_item(ui.ActionRow(*buttons))
        return box

    def files(self) -> list[discord.File]:
        """What is uploaded with the message, made anew each time, since sending reads it to its end."""
        picture = self._card.picture if self._card and self._last else None
        shown = [discord.File(BytesIO(picture.content), picture.name, description=picture.alt)] if picture else []
        return [*shown, discord.File(BytesIO(self.file.content), self.file.name)] if self.file else shown


def render(card: Card, ping: str = "", file: File | None = None) -> list[Page]:
    """The card as messages: one, save where its body is too long for one. Buttons and a file stand on the last."""
    bodies = pages(card.body, PAGE_TEXT) or [""]
    last = len(bodies) - 1
    return [
        Page(card, body, first=place == 0, last=place == last, ping=ping, file=file)
        for place, body in enumerate(bodies)
    ]
