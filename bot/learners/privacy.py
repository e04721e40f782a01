"""What is kept about a person, in plain words; all of it as a file; and none of it any more."""

import asyncio
import gzip
import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.learners.export import Export, export_of, summary
from bot.messages import FILE_LIMIT, Button, Card, File, Press, Refusal, Reply, Request, Tone
from bot.store.codes import DELETE
from bot.store.store import Learner, Store, new_id
from bot.wording import count, say

logger = logging.getLogger(__name__)
audit = logging.getLogger("bot.audit")  # that it was done, and never for whom

CONFIRM_WITHIN = timedelta(minutes=10)
# Control characters that JSON leaves as they are, and changes of writing direction.
_PAINTS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Privacy:
    """`keep_days` is how long posts and nobody's answers are kept, `backup_days` how long a backup is."""

    def __init__(self, store: Store, keep_days: int, backup_days: int, now: Callable[[], datetime]) -> None:
        self._store = store
        self._keep_days = keep_days
        self._backup_days = backup_days
        self._now = now

    async def privacy(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """What is kept, and for how long."""
        rows = ((Button(say("Export"), _press("export")), Button(say("Delete"), _press("delete"), Tone.BAD)),)
        return _for_one(request, Card(say("What I keep about you"), self._told(), rows=rows))

    async def pressed(self, request: Request, learner: Learner, press: Press) -> Reply:
        match press.value:
            case "export":
                return await self._export(request, learner)
            case "delete":
                return await self._asked(request)
            case "keep":
                code = await self._store.codes.find(DELETE, press.deal, self._now(), request.who)
                if code:
                    await self._store.codes.revoke(code)
                return _instead(request, Card(say("Nothing was deleted")))
            case "confirm":
                return await self._delete(request, learner, press)
        raise Refusal(say("That button is too old, or not one of mine"), say("`/privacy` has new ones."))

    async def _export(self, request: Request, learner: Learner) -> Reply:
        found = await self._store.privacy.everything(learner.id)
        export = await asyncio.to_thread(export_of, found, self._now())
        file = await asyncio.to_thread(_file, export)
        audit.info("a person exported their data")
        card = Card(say("All that I keep about you"), summary(export), tone=Tone.GOOD)
        return Reply(new=card, file=file) if request.where.private else Reply(aside=card, file=file)

    async def _asked(self, request: Request) -> Reply:
        """Ask once, by a button that works once."""
        code = new_id(16)
        await self._store.codes.keep(request.who, DELETE, code, self._now() + CONFIRM_WITHIN)
        body = say(
            "Your accounts here on every platform that is linked, your name, settings, days, streak, reviews, "
            "interviews and everything you typed go at once and can't be brought back.\n\n"
            "What you answered in servers and groups stays there without your name: on boards your points are "
            "somebody's, so that the ranks of others stay true.\n\n"
            "Do you want that? The button works for {minutes} minutes.",
            minutes=CONFIRM_WITHIN // timedelta(minutes=1),
        )
        buttons = (
            Button(say("Delete everything"), Press("privacy", code, "confirm"), Tone.BAD),
            Button(say("Keep it"), Press("privacy", code, "keep")),
        )
        return _instead(request, Card(say("Delete everything about you?"), body, rows=(buttons,)))

    async def _delete(self, request: Request, learner: Learner, press: Press) -> Reply:
        code = await self._store.codes.find(DELETE, press.deal, self._now(), request.who)
        if not code:
            raise Refusal(
                say("That button has been used, or is too old"), say("`/privacy` asks anew. Nothing was deleted by it.")
            )
        await self._store.privacy.forget(learner.id, self._now(), request.where if request.where.private else None)
        audit.info("a person deleted their data")
        body = say("What you do here from now on begins from nothing.") + "\n\n" + self._backups()
        return _instead(request, Card(say("Everything about you is deleted"), body, tone=Tone.GOOD))

    def _told(self) -> str:
        kept = count("{number} day", "{number} days", self._keep_days)
        lines = (
            say("**Your accounts**: the ids by which platforms know you, and your private chats with me."),
            say("**Your name**, as it was when you last answered: for boards. I look up nobody's."),
            say("**What you have chosen**: time zone, hiding, reminder, interview, daily questions that you have set."),
            say("**Your answers**: to which question, what you chose or how you rated it, when, with which points; in "
                "your own words what you typed, and the key points that you say you made. Of voice messages nothing."),
            say("**What follows from them**: days of practice, reviews, points by server or group and period."),
            say("**Reviews and interviews** that you began, how you rated yourself, and questions you were asked."),
            say("**Battles**: that you played, and what you chose, for a day."),
            say("**For some time**: codes of `/link` and of *Delete* (as hashes, ten minutes), wrong codes (an hour), "
                "what was yours before accounts were linked (a day), prompts that wait for your answer ({kept}), "
                "and that you left a group.", kept=kept),
        )  # fmt: skip
        parts = [
            "\n".join(f"- {line}" for line in lines),
            say("All of this is kept until you delete it, or as long as it says. Posts in servers and groups, and "
                "answers that are nobody's any more, are kept for {kept}, and then only counted.", kept=kept),
            say("**Others see** your name, rank and points on boards of servers and groups where you answered, and "
                "that you were the first to be right there, unless you hide (`/settings hide:yes`). Nobody sees what "
                "you typed, and no log has it; only where you claim a key point do the authors of the questions see "
                "it, without a name."),
            self._backups(),
        ]  # fmt: skip
        return "\n\n".join(parts)

    def _backups(self) -> str:
        days = count("{number} day", "{number} days", self._backup_days)
        return say("**Backups** that whoever runs this bot has made still have it until they are replaced: for {days}.",
                   days=days)  # fmt: skip


def document(export: Export) -> bytes:
    """The export as JSON that does nothing to the terminal on which somebody reads it."""
    return _PAINTS.sub(lambda found: f"\\u{ord(found[0]):04x}", export.model_dump_json(indent=1)).encode() + b"\n"


def _file(export: Export) -> File:
    """The document; packed, if it is larger than every platform takes."""
    content = document(export)
    if len(content) <= FILE_LIMIT:
        return File("prepdeck-export.json", content, "application/json")
    packed = gzip.compress(content)
    if len(packed) > FILE_LIMIT:
        raise Refusal(
            say("That is more than I can send here"), say("Whoever runs this bot can write it to a file for you.")
        )
    return File("prepdeck-export.json.gz", packed, "application/gzip")


def _press(value: str) -> Press:
    return Press("privacy", value=value)


def _for_one(request: Request, card: Card) -> Reply:
    return Reply(new=card) if request.where.private else Reply(aside=card)


def _instead(request: Request, card: Card) -> Reply:
    return Reply(edit=card) if request.where.private else Reply(aside=card)
