"""Markdown as Telegram shows it: a text, and entities that say which stretch of it is bold, code or a link.

Entities rather than HTML or Telegram's own Markdown: nothing in a text can then break the parsing of it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from itertools import accumulate, groupby
from typing import NamedTuple
from unicodedata import category
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from telegram import MessageEntity
from telegram.constants import MessageEntityType as Kind
from telegram.constants import MessageLimit

FOLD = 700  # characters of prose that a card shows; more of it is folded
FULL = 4  # a page ends between paragraphs if that leaves no less than this part of it, one in four

_SCHEMES = {"http", "https", "tg", "mailto"}
_LANGUAGE = re.compile(r"[\w.+#-]{1,32}")
_BLANK = re.compile(r"\s*")
# Telegram refuses a message in which nothing but these is.
_VISIBLE = re.compile(r"[^\s\u180e\u200b-\u200f\u2060\u2800\ufeff\ufffc\U000e0000-\U000e007f]")
_JOINER, _FLAGS = "\u200d", range(0x1F1E6, 0x1F200)  # U+200D, and the letters that make flags in pairs
# Telegram takes indentation off a code block's first line. It is kept after a character of no width.
_NO_WIDTH = "\u200b"

# Telegram drops most of these silently, and turns the other controls into spaces. Without the marks that change the
# direction of writing, what was written by somebody else can't turn what stands after it.
_DROPPED: dict[int, str | None] = dict.fromkeys((*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F)))
_DROPPED.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))
_DROPPED.update({0x2028: " ", 0x2029: " "})
del _DROPPED[ord("\n")], _DROPPED[ord("\t")]

_QUOTES = (Kind.EXPANDABLE_BLOCKQUOTE, Kind.BLOCKQUOTE)
_CODE = (Kind.PRE, Kind.CODE)  # contain no other entity
_RANKS: dict[str, int] = {
    kind: rank
    for rank, kind in enumerate(
        (*_QUOTES, *_CODE, Kind.TEXT_LINK, Kind.BOLD, Kind.ITALIC, Kind.STRIKETHROUGH, Kind.SPOILER)
    )
}
_STYLES = {"strong_open": Kind.BOLD, "em_open": Kind.ITALIC, "s_open": Kind.STRIKETHROUGH, "link_open": Kind.TEXT_LINK}


@dataclass(frozen=True, slots=True)
class Text:
    """Text with its entities, as Telegram counts: in UTF-16 code units."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def rendered(markdown: str) -> Text:
    """A whole document."""
    writer = _Writer()
    writer.document(markdown)
    return writer.text()


@lru_cache(maxsize=1_000)  # many press at the same time on what was posted to all
def card_text(heading: str, body: str, fields: tuple[tuple[str, str], ...] = ()) -> Text:
    """A card, every part of it Markdown. After the first block of the body, long prose is folded."""
    writer = _Writer()
    writer.line(heading, Kind.BOLD)
    writer.gap()
    writer.document(body)
    writer.fold()
    writer.gap()
    for place, (name, value) in enumerate(fields):
        if place:
            writer.write(" · ")
        writer.line(f"{name}:", Kind.BOLD)
        writer.write(" ")
        writer.line(value)
    return writer.text()


@lru_cache(maxsize=1_000)  # many people of a room are told the same verdict
def plain(markdown: str) -> str:
    """The text alone, for alerts and polls."""
    return rendered(markdown).text


def cut(text: str, limit: int) -> str:
    """Plain text of at most `limit` UTF-16 code units: where it is longer, cut between words and ended by "…"."""
    text = _clean(text).strip()
    units = _units(text)
    if units[-1] <= limit:
        return text
    last = bisect_right(units, limit - 1) - 1
    return text[: _cut(text, 0, last, [], ("\n", " "))].rstrip() + "…" if last else "…"


def split(
    text: Text, limit: int = MessageLimit.MAX_TEXT_LENGTH, entities: int = MessageLimit.MESSAGE_ENTITIES
) -> list[Text]:
    """Pages: they end between paragraphs where possible, else between lines, else between words, else where they must.

    An entity that fits on a page is not cut where the page can end before it; one that is cut goes on on the next page.
    Both limits are at least 10.
    """
    source, stop = text.text, len(text.text.rstrip())
    if 0 < stop == len(source) <= limit // 2 and len(text.entities) <= entities and _VISIBLE.match(source):
        return [text]  # as most are
    units = _units(source)
    live = sorted(
        (_span(entity, units) for entity in text.entities), key=lambda span: (span.start, -span.end, _RANKS[span.kind])
    )
    pages: list[Text] = []
    place = 0
    while place < stop:
        blank = _BLANK.match(source, place, stop)
        first = blank.end() if blank else place
        line = source.rfind("\n", place, first) + 1
        indented = 0 < line < first and any(span.kind == Kind.PRE and span.start < line < span.end for span in live)
        start, lead = (line, _NO_WIDTH) if indented else (first, "")
        live = [span for span in live if span.end > start]
        last = min(stop, bisect_right(units, units[start] + limit - len(lead)) - 1)
        if len(live) > entities:
            last = min(last, live[entities].start)
        last = max(last, first + 1)
        whole = [
            span
            for span in live
            if span.end <= last or (span.start > start and units[span.end] - units[span.start] <= limit)
        ]
        place = last if last >= stop else _cut(source, first, last, whole)
        page = source[start:place]
        if _VISIBLE.search(page):
            shift = start - len(lead)
            here = [
                span._replace(start=0 if span.start <= start else span.start - shift, end=min(span.end, place) - shift)
                for span in live
                if span.start < place
            ]
            pages.append(_text(lead + page, here))
    return pages


# Writing


class _Markdown(MarkdownIt):
    """CommonMark and a little more. HTML is text, and so that `||` can be told from `\\|\\|`, escapes stay apart."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": 100})
        self.enable(["table", "strikethrough"]).disable("text_join")

    def validateLink(self, url: str) -> bool:
        return True  # what may not be linked to shows the text that it has

    def normalizeLinkText(self, link: str) -> str:
        return link  # decoded, as it would be, an address can have spaces


_MARKDOWN = _Markdown()


class _Span(NamedTuple):
    """An entity, in characters of Python."""

    kind: str
    start: int
    end: int
    url: str = ""
    language: str = ""


class _Writer:
    """Takes Markdown, and keeps the text, the spans, and where the blocks of the document are."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._spans: list[_Span] = []
        self._blocks: list[tuple[int, int, bool]] = []  # those on top: start, end, whether there is code in it
        self._gap = ""  # what parts the next block from what is there
        self._indents = [""]
        self._tight = [False]  # whether blocks are parted by a line feed only, here and around

    def text(self) -> Text:
        return _text("".join(self._parts), self._spans)

    def write(self, text: str) -> None:
        text = text.translate(_DROPPED)
        self._parts.append(text)
        self._length += len(text)

    def gap(self) -> None:
        """Part what comes from what is there by a blank line."""
        self._gap = "\n\n"

    def line(self, markdown: str, kind: str = "") -> None:
        """Markdown without blocks."""
        self._begin()
        start = self._length
        for token in _MARKDOWN.parseInline(_clean(markdown).strip()):
            self._inline(token.children or [])
        if kind:
            self._spans.append(_Span(kind, start, self._length))

    def document(self, markdown: str) -> None:
        tokens = _MARKDOWN.parse(_clean(markdown))
        numbers: list[int | None] = []  # of the next item in each list around, None where they have bullets
        starts: list[int] = []  # of the quotes, headings and table heads around
        block, code, fresh, cell = self._length, False, False, 0
        for place, token in enumerate(tokens):
            if token.level == 0 and token.nesting >= 0:
                block, code = self._length, False
            match token.type:
                case "inline":
                    self._inline(token.children or [])
                case "paragraph_open":
                    self._begin()
                case "heading_open":
                    self._begin()
                    starts.append(self._length)
                case "heading_close":
                    self._spans.append(_Span(Kind.BOLD, starts.pop(), self._length))
                    self._end()
                case "fence" | "code_block":
                    code = True
                    self._code(token)
                case "hr":
                    self._begin()
                    self.write("———")
                    self._end()
                case "blockquote_open":
                    self._own_line()
                    starts.append(self._length)
                    self._indents.append("")  # spaces before a quote would be a line of their own
                    self._tight.append(False)
                case "blockquote_close":
                    self._indents.pop()
                    self._tight.pop()
                    self._spans.append(_Span(Kind.BLOCKQUOTE, starts.pop(), self._length))
                    self._end()
                case "bullet_list_open" | "ordered_list_open":
                    numbers.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)
                    fresh = True
                case "list_item_open":
                    child = tokens[place + 1]
                    tight = child.hidden or child.type != "paragraph_open"
                    if not fresh:
                        self._gap = "\n" if tight else "\n\n"
                    self._begin()
                    number, fresh = numbers[-1], False
                    marker = "•" if number is None else f"{number}."
                    self.write(marker)
                    self._gap = " "
                    self._indents.append(self._indents[-1] + " " * (len(marker) + 1))
                    self._tight.append(tight)
                    if number is not None:
                        numbers[-1] = number + 1
                case "list_item_close":
                    self._indents.pop()
                    self._tight.pop()
                case "bullet_list_close" | "ordered_list_close":
                    numbers.pop()
                    self._end()
                case "tr_open":
                    self._begin()
                    cell = 0
                    if tokens[place - 1].type == "thead_open":
                        starts.append(self._length)
                case "th_open" | "td_open":
                    if cell:
                        self.write(" | ")
                    cell += 1
                case "tr_close":
                    self._gap = "\n"
                case "thead_close":
                    self._spans.append(_Span(Kind.BOLD, starts.pop(), self._length))
                case "paragraph_close" | "table_close":
                    self._end()
            if token.level == 0 and token.nesting <= 0:
                self._blocks.append((block, self._length, code))

    def fold(self) -> None:
        """Fold each run of prose that is long, but never the first block, nor code."""
        text = "".join(self._parts)
        for has_code, group in groupby(self._blocks[1:], key=lambda block: block[2]):
            run = list(group)
            start, end = run[0][0], run[-1][1]
            if not has_code and len(text[start:end].strip()) > FOLD:
                self._spans.append(_Span(Kind.EXPANDABLE_BLOCKQUOTE, start, end))

    def _begin(self) -> None:
        gap, self._gap = self._gap, ""
        self.write(gap)
        if gap.endswith("\n"):
            self.write(self._indents[-1])

    def _end(self) -> None:
        self._gap = "\n" if self._tight[-1] else "\n\n"

    def _own_line(self) -> None:
        """Code and quotes are shown as blocks, so that they can't stand beside the marker of their list item."""
        if self._gap == " ":
            self._gap = "\n"

    def _code(self, token: Token) -> None:
        content = token.content.expandtabs(4).rstrip()  # Telegram makes one space of a tab
        content = re.sub(r"\A(?:[^\S\n]*\n)+", "", content)
        if not content:
            return
        self._own_line()
        self._indents.append("")
        self._begin()
        self._indents.pop()
        start = self._length
        self.write(_NO_WIDTH + content if content[0].isspace() else content)
        language = _LANGUAGE.fullmatch(token.info.strip().partition(" ")[0])
        self._spans.append(_Span(Kind.PRE, start, self._length, language=language[0] if language else ""))
        self._end()

    def _inline(self, tokens: Sequence[Token]) -> None:
        marks = sum(token.content.count("||") for token in tokens if token.type == "text") // 2 * 2
        opened: list[tuple[str, int, int, str]] = []  # styles: kind, start, how many spans were before, address
        hidden: tuple[int, int] | None = None  # the open spoiler: its start, how many spans were before
        for token in tokens:
            if token.type == "text":
                pieces = token.content.split("||")
                for place, piece in enumerate(pieces):
                    if place and not marks:
                        self.write("||")  # the last of an odd number
                    elif place:
                        marks -= 1
                        if hidden:
                            self._hide(*hidden)
                        hidden = None if hidden else (self._length, len(self._spans))
                    self.write(piece)
            elif token.type == "text_special":
                self.write(token.content)
            elif token.type == "softbreak":
                self.write(" ")
            elif token.type == "hardbreak":
                self.write("\n" + self._indents[-1])
            elif token.type == "code_inline":
                start = self._length
                self.write(token.content)
                self._spans.append(_Span(Kind.CODE, start, self._length))
            elif token.type == "image":
                start, before = self._length, len(self._spans)
                self._inline(token.children or [])
                self._style(Kind.TEXT_LINK, start, before, str(token.attrs.get("src", "")))
            elif token.type in _STYLES:
                # Telegram finds by itself an address that stands there.
                url = "" if token.markup == "autolink" else str(token.attrs.get("href", ""))
                opened.append((_STYLES[token.type], self._length, len(self._spans), url))
            elif opened:
                self._style(*opened.pop())

    def _style(self, kind: str, start: int, before: int, url: str) -> None:
        if kind == Kind.TEXT_LINK:
            if not _opens(url):
                return
            if self._spans[before:] == [_Span(Kind.CODE, start, self._length)]:
                del self._spans[before:]  # of a link that is code alone nothing would be left
        self._spans.append(_Span(kind, start, self._length, url))

    def _hide(self, start: int, before: int) -> None:
        """End a spoiler. Code in it is not shown as code: Telegram would show it to everyone."""
        if self._length == start:  # nothing that could be hidden
            self.write("||||")
            return
        self._spans[before:] = [span for span in self._spans[before:] if span.kind != Kind.CODE]
        self._spans.append(_Span(Kind.SPOILER, start, self._length))


# Entities


def _text(text: str, spans: Sequence[_Span]) -> Text:
    """The text without whitespace around it, and what of the spans Telegram takes as entities."""
    end = len(text.rstrip())
    skipped = end - len(text[:end].lstrip())
    text = text[skipped:end]
    units = _units(text)
    shifted = [span._replace(start=max(span.start - skipped, 0), end=span.end - skipped) for span in spans]
    return Text(
        text,
        tuple(
            MessageEntity(
                span.kind,
                units[span.start],
                units[span.end] - units[span.start],
                url=span.url or None,
                language=span.language or None,
            )
            for span in _nested(text, shifted)
        ),
    )


def _nested(text: str, spans: Sequence[_Span]) -> list[_Span]:
    """The spans in order, each of them inside or outside of another, never across its edge; see Telegram's rules."""
    code = sorted((span.start, span.end) for span in spans if span.kind in _CODE)
    waiting: list[tuple[int, int, int, _Span]] = []

    def add(span: _Span) -> None:
        start, end = max(span.start, 0), min(span.end, len(text))
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            heappush(waiting, (start, -end, _RANKS[span.kind], span._replace(start=start, end=end)))

    for span in spans:
        if span.kind not in _CODE and span.kind not in _QUOTES:
            for start, end in code[bisect_left(code, (span.start, 0)) :]:
                if start >= span.end:
                    break
                add(span._replace(end=start))
                span = span._replace(start=end)
        add(span)
    nested: list[_Span] = []
    around: list[_Span] = []
    while waiting:
        span = heappop(waiting)[-1]
        while around and around[-1].end <= span.start:
            around.pop()
        twin = next((other for other in around if _alike(other.kind, span.kind)), None)
        edge = twin or (around[-1] if around else None)
        if edge and edge.end < span.end:
            add(span._replace(start=edge.end))
            span = span._replace(end=edge.end)
        if not twin:
            around.append(span)
            nested.append(span)
    return nested


def _opens(url: str) -> bool:
    """Whether Telegram takes the address; it drops other links, without a word."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.netloc or parts.scheme == "mailto")


def _alike(kind: str, other: str) -> bool:
    return kind == other or (kind in _QUOTES and other in _QUOTES)


def _span(entity: MessageEntity, units: Sequence[int]) -> _Span:
    start, end = bisect_left(units, entity.offset), bisect_left(units, entity.offset + entity.length)
    return _Span(entity.type, start, end, entity.url or "", entity.language or "")


# Characters


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_DROPPED)


def _units(text: str) -> Sequence[int]:
    """How many UTF-16 code units are before each place in the text, and before its end."""
    if text.isascii() or max(text) <= "\uffff":
        return range(len(text) + 1)
    return list(accumulate((2 if char > "\uffff" else 1 for char in text), initial=0))


def _cut(text: str, first: int, last: int, whole: Sequence[_Span], ends: Sequence[str] = ("\n\n", "\n", " ")) -> int:
    """The best place after `first` and up to `last` to end a page: at one of `ends`, and inside nothing of `whole`."""
    outer: list[_Span] = []
    for span in whole:
        if not outer or span.start >= outer[-1].end:
            outer.append(span)
    starts = [span.start for span in outer]

    def inside(place: int) -> _Span | None:
        index = bisect_left(starts, place) - 1
        return outer[index] if index >= 0 and outer[index].end > place else None

    # A page that is nearly empty, as one with nothing but a heading, only where nothing better can be had.
    for least in (first + (last - first) // FULL, first):
        for end in ends:
            place = text.rfind(end, least + 1, last + len(end))
            while place > 0:
                around = inside(place)
                if not around:
                    return place
                place = text.rfind(end, least + 1, around.start + len(end))
    return next((place for place in range(last, first, -1) if not inside(place) and not _joined(text, place)), last)


def _joined(text: str, place: int) -> bool:
    """Whether what is before and after the place is one character to a reader, as far as that is told by few rules."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if ord(after) in _FLAGS:
        flags = place
        while flags and ord(text[flags - 1]) in _FLAGS:
            flags -= 1
        return (place - flags) % 2 == 1
    modifier = "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f"
    return modifier or _JOINER in (before, after) or category(after).startswith("M")
