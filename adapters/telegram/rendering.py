"""What a card looks like on Telegram: messages with keyboards, alerts, quiz polls, links into the private chat."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import orjson
from telegram import MessageEntity
from telegram.constants import CallbackQueryLimit, MessageLimit, PollLimit

from adapters.telegram.text import Text, card_text, cut, plain, split
from bot.messages import Button, Card, File, Picture, Poll, Press

ROW_TEXT = 32  # characters of the labels of a row that a phone shows whole; all buttons of a row are equally wide
ALERT_TEXT = int(CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH)

Link = Callable[[Press], str]  # the address at which a press can be made in private


@dataclass(frozen=True, slots=True)
class Page:
    """One message: a card, or a part of it."""

    text: Text
    keyboard: str = ""  # as JSON
    picture: Picture | None = None
    file: File | None = None

    def fields(self, entities: str = "entities") -> dict[str, str]:
        """What is sent beside the text, as JSON: objects of python-telegram-bot's would cost as much as all else."""
        fields = {entities: _packed([_entity(one) for one in self.text.entities])} if self.text.entities else {}
        return {**fields, "reply_markup": self.keyboard} if self.keyboard else fields


def render(card: Card, link: Link) -> list[Page]:
    """The card as messages: one, save where its text is too long. Buttons stand on the last, a picture on the first."""
    whole = card_text(card.heading, card.body, card.fields)
    first = [Page(Text(cut(plain(card.heading), int(MessageLimit.CAPTION_LENGTH))), picture=card.picture)]
    if card.picture and len(captions := split(whole, int(MessageLimit.CAPTION_LENGTH))) == 1:
        return [Page(captions[0], keyboard(card, link), card.picture)]
    texts = split(whole) or [Text("…")]  # Telegram shows no message in which nothing can be seen
    pages = [Page(text) for text in texts[:-1]] + [Page(texts[-1], keyboard(card, link))]
    return first + pages if card.picture else pages


def enclosing(file: File, card: Card | None, link: Link) -> list[Page]:
    """The card as messages, with the file at the last where that is short enough to stand under one, or after it."""
    pages = render(card, link) if card else []
    if pages and not pages[-1].picture and _length(pages[-1].text.text) <= MessageLimit.CAPTION_LENGTH:
        return [*pages[:-1], replace(pages[-1], file=file)]
    return [*pages, Page(Text(""), file=file)]


def keyboard(card: Card, link: Link) -> str:
    """The buttons of a card, as JSON; empty without any."""
    rows = [
        [{"text": one.label, "callback_data": one.press.pack()} for one in row]
        for buttons in card.rows
        for row in _fitting(buttons)
    ]
    if card.alone:
        rows.append([{"text": card.alone.label, "url": link(card.alone.press)}])
    return _packed({"inline_keyboard": rows}) if rows else ""


def _packed(value: object) -> str:
    return orjson.dumps(value).decode()


def _entity(entity: MessageEntity) -> dict[str, object]:
    fields = {"type": entity.type, "offset": entity.offset, "length": entity.length}
    more = {"url": entity.url, "language": entity.language, "user": entity.user and entity.user.to_dict()}
    return {**fields, **{name: value for name, value in more.items() if value}}


def _fitting(row: Sequence[Button]) -> Iterator[Sequence[Button]]:
    """The row, or several where its labels would be cut on a phone."""
    start = 0
    for end in range(1, len(row) + 1):
        wider = row[start : end + 1]
        if end == len(row) or len(wider) * max(len(one.label) for one in wider) > ROW_TEXT:
            yield row[start:end]
            start = end


def alert(card: Card) -> str:
    """The card as the text of an alert, cut where there is more of it."""
    return cut(plain("\n\n".join(filter(None, (card.heading, card.body)))), ALERT_TEXT)


def fits_alert(card: Card) -> bool:
    """Whether an alert shows the whole card."""
    return not (card.rows or card.fields or card.picture) and not alert(card).endswith("…")


@dataclass(frozen=True, slots=True)
class QuizPoll:
    """The texts of a quiz poll, as Telegram takes them."""

    question: str
    options: tuple[str, ...]
    explanation: str


def quiz_poll(card: Card, poll: Poll) -> QuizPoll | None:
    """The card as a quiz poll; None where a text is too long for one."""
    question, options = plain(card.heading), tuple(plain(text) for text, _ in poll.choices)
    fits = (
        0 < _length(question) <= PollLimit.MAX_QUESTION_LENGTH
        and PollLimit.MIN_OPTION_NUMBER < len(options) <= PollLimit.MAX_OPTION_NUMBER
        and all(0 < _length(option) <= PollLimit.MAX_OPTION_LENGTH and "\n" not in option for option in options)
        and len(set(options)) == len(options)
    )
    if not fits:
        return None
    explanation = cut(" ".join(plain(poll.why).split()), int(PollLimit.MAX_EXPLANATION_LENGTH))
    return QuizPoll(question, options, explanation)


def _length(text: str) -> int:
    """As Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# The payload of a link, t.me/bot?start=PAYLOAD: at most 64 of these characters.
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def payload(press: Press) -> str:
    """The press as the payload of a link: `verb-deal`, or the name of a command alone."""
    packed = press.value if press.verb == "call" else f"{press.verb}-{press.deal}"
    if not _PAYLOAD.fullmatch(packed):
        raise ValueError(f"this press can't be a link: {press}")
    return packed


def pressed(packed: str) -> Press:
    """The press of a payload, which anybody can make up."""
    verb, dash, deal = packed.partition("-")
    return Press.unpack(f"{verb}:{deal}:") if dash else Press.unpack(f"call::{packed}")
