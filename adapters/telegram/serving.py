"""What people do on Telegram, as requests, and what is said to them.

An answer in a private chat changes the card that was pressed, or is a message of its own. In a shared room nobody else
may see it: a press is answered by an alert, with the whole of it behind a link into the private chat.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Any

from telegram import (
    CallbackQuery,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberRestricted,
    ChatMemberUpdated,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    MaybeInaccessibleMessage,
    Message,
    MessageEntity,
    Update,
    User,
)
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, TelegramError
from telegram.ext import (
    Application,
    BaseHandler,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    PollAnswerHandler,
    filters,
)

from adapters.telegram.delivery import ANSWER_TIME, Delivery, Place
from adapters.telegram.rendering import Page, alert, fits_alert, keyboard, payload, pressed, quiz_poll, render
from adapters.telegram.text import Text, plain
from bot.commands import Commands, help_card
from bot.messages import Button, Call, Card, Person, Press, Rank, Reply, Request, Room, Tone, Typed
from bot.platforms import Answer, Gone, Memory
from bot.wording import say

logger = logging.getLogger(__name__)

STALE = 300  # seconds after which nobody waits for the answer to a command any more
ACKNOWLEDGE_AFTER = 1.0  # seconds; until then a press may still be answered by an alert
POLL_WAITS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # seconds between looks for a poll whose vote came before we had noted it
VOTE_WAITS = (1.0, 5.0, 25.0)  # seconds between tries to keep a vote, which nobody can cast again
INLINE_CACHE = 60  # seconds for which Telegram may show the same questions to others

_Context = CallbackContext[Any, Any, Any, Any]
_App = Application[Any, Any, Any, Any, Any, Any]


class Serving:
    def __init__(self, app: _App, delivery: Delivery, answer: Answer, commands: Commands, memory: Memory) -> None:
        self._bot = app.bot
        self._delivery = delivery
        self._answer = answer
        self._commands = commands
        self._memory = memory
        heeded = _Heeded() & (filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST)
        handlers: Sequence[BaseHandler[Any, Any, Any]] = (
            CallbackQueryHandler(self._pressed),
            *(CommandHandler(command.name, self._called, heeded) for command in commands.table),
            MessageHandler(filters.COMMAND & heeded, self._unknown),
            MessageHandler(filters.StatusUpdate.MIGRATE, self._moved),
            MessageHandler(filters.TEXT & heeded & filters.UpdateType.MESSAGE, self._said),
            PollAnswerHandler(self._voted),
            InlineQueryHandler(self._searched),
            ChatMemberHandler(self._welcomed, ChatMemberHandler.MY_CHAT_MEMBER),
        )
        app.add_handlers(handlers)
        app.add_error_handler(self._failed)

    def link(self, press: Press) -> str:
        """The address that opens the private chat and makes this press there."""
        return f"https://t.me/{self._bot.username}?start={payload(press)}"

    # What happened

    async def _called(self, update: Update, context: _Context) -> None:
        message = update.effective_message
        if not message or _age(message) > STALE:
            return
        name, written = _command(message)
        what: Call | Press = self._commands.parse(f"/{name} {written}")
        if name == "start":
            opened = pressed(written)
            linked = opened.verb in self._commands.links or (
                opened.verb == "call" and self._commands.find(opened.value)
            )
            what = opened if linked and room_of(message).private else Call("start")
        await self._respond(message, await self._request(message, what))

    async def _unknown(self, update: Update, context: _Context) -> None:
        """A command that is not ours: in a group it is another bot's, unless it names us."""
        message = update.effective_message
        if not message or _age(message) > STALE or not message.text:
            return
        named = message.text.split()[0].partition("@")[2].casefold()
        if named == self._bot.username.casefold() or (not named and room_of(message).private):
            name, _ = _command(message)
            await self._respond(message, await self._request(message, Call(name)))

    async def _said(self, update: Update, context: _Context) -> None:
        """Text: the answer to a prompt, or, in private, somebody who does not know what to say."""
        message, prompt = update.message, update.message and update.message.reply_to_message
        if not message or not message.text:
            return
        if prompt and prompt.from_user and prompt.from_user.id == self._bot.id:
            name = _prompt_name(message.chat.id, prompt.message_id)
            asked, _, packed = (await self._memory.note(name)).partition(" ")
            if packed and asked == who(message).id:
                await self._respond(message, await self._request(message, Typed(Press.unpack(packed), message.text)))
                await self._memory.forget(name)
                return
        if message.chat.type == ChatType.PRIVATE and _age(message) <= STALE:
            await self._respond(message, await self._request(message, Call("help")))

    async def _pressed(self, update: Update, context: _Context) -> None:
        query = update.callback_query
        assert query  # noqa: S101 - of this handler's updates
        press = Press.unpack(query.data or "")
        message = query.message
        if prompt := self._commands.prompts.get(press.verb):
            await asyncio.gather(self._acknowledge(query), _trying(self._ask(query, press, prompt)))
            return
        where = room_of(message) if message else Room("telegram", query.inline_message_id or "")
        rank = await self._rank(where, str(query.from_user.id), press)
        request = Request(
            _person(query.from_user), where, press, *_about(query.from_user), rank, f"telegram:{query.id}"
        )
        early: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(
            ACKNOWLEDGE_AFTER, lambda: early.append(asyncio.ensure_future(self._acknowledge(query)))
        )
        try:
            reply = await self._answer(request)
        finally:
            timer.cancel()
        aside = reply.aside
        told = alert(aside) if aside and not early and (not where.private or fits_alert(aside)) else ""
        answering = early or [asyncio.ensure_future(self._acknowledge(query, told))]
        if told:
            reply = Reply(reply.edit, reply.new)
        if message:
            await asyncio.gather(*answering, self._show(request, reply, message.message_id))
        else:
            await asyncio.gather(*answering, self._show_shared(request, reply, query.inline_message_id or ""))

    async def _voted(self, update: Update, context: _Context) -> None:
        """A vote in a quiz poll. It can't be cast again, so it is tried again for as long as it may help."""
        vote = update.poll_answer
        if not vote or not vote.option_ids:  # it was taken back
            return
        for wait in (*POLL_WAITS, None):
            if known := await self._memory.note(f"telegram poll {vote.poll_id}"):
                break
            if wait is None:
                logger.warning("Telegram: a vote in a poll that is not known")
                return
            await asyncio.sleep(wait)
        chat, thread, *presses = known.split(" ")
        where = Room("telegram", chat, thread.strip("-"), chat)
        voter = Person("telegram", str(vote.voter_chat.id)) if vote.voter_chat else _person(vote.user)
        about = _about(vote.user)
        for wait in (*VOTE_WAITS, None):
            reply = await self._answer(Request(voter, where, Press.unpack(presses[vote.option_ids[0]]), *about))
            if wait is None or not (reply.aside and reply.aside.tone is Tone.TROUBLE):
                return
            await asyncio.sleep(wait)

    async def _searched(self, update: Update, context: _Context) -> None:
        query = update.inline_query
        assert query  # noqa: S101 - of this handler's updates
        results = []
        for name, card in self._commands.shared(query.query):
            page, *more = render(card, self.link)
            if not more:
                content = InputTextMessageContent(page.text.text, entities=page.text.entities)
                about = plain(card.body).partition("\n")[0]
                title = plain(card.heading)
                shown = InlineQueryResultArticle(name, title, content, reply_markup=page.keyboard, description=about)
                results.append(shown)
        button = InlineQueryResultsButton(
            say("Practise in private") if results else say("Nothing found"), None, "start"
        )
        await self._bot.answer_inline_query(query.id, results, INLINE_CACHE, button=button)

    async def _moved(self, update: Update, context: _Context) -> None:
        """A group became a supergroup; both of them say so."""
        message = update.effective_message
        if message and message.migrate_to_chat_id:
            await self._memory.room_moved("telegram", str(message.chat.id), str(message.migrate_to_chat_id))
        elif message and message.migrate_from_chat_id:
            await self._memory.room_moved("telegram", str(message.migrate_from_chat_id), str(message.chat.id))

    async def _welcomed(self, update: Update, context: _Context) -> None:
        """We were let in, thrown out, blocked, restricted, or let in again."""
        change = update.my_chat_member
        assert change  # noqa: S101 - of this handler's updates
        room = _room(change.chat.id, change.chat.type)
        if not may_speak(change.new_chat_member):
            await self._memory.room_gone(room)
            return
        await self._memory.room_back(room)
        if _was_out(change) and change.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP):
            reply = Reply(new=help_card(self._commands.table))
            await self._show(Request(_person(change.from_user), room, Call("start")), reply)

    async def _failed(self, update: object, context: _Context) -> None:
        """A reply that could not be made or shown: say so, if that can be."""
        logger.error("Telegram: an update could not be answered", exc_info=context.error)
        if not isinstance(update, Update):
            return
        card = Card(say("Something went wrong on our side"), tone=Tone.TROUBLE)
        if update.callback_query:
            await self._acknowledge(update.callback_query, alert(card))
        elif update.message and update.message.chat.type == ChatType.PRIVATE:
            await self._show(await self._request(update.message, Call("")), Reply(new=card))

    # Requests

    async def _request(self, message: Message, what: Call | Press | Typed) -> Request:
        where, person = room_of(message), who(message)
        rank = await self._rank(where, person.id, what)
        id_ = f"telegram:{message.chat.id}/{message.message_id}"
        return Request(person, where, what, *_about(message.from_user), rank, id_)

    async def _rank(self, where: Room, person: str, what: Call | Press | Typed) -> Rank:
        """The rank of a person; asked for only where something depends on it."""
        if where.private:
            return Rank.OWNER
        if person == where.id:  # an anonymous administrator, or a channel, whose posts are by administrators
            return Rank.MODERATOR
        if not where.community or self._commands.rank(what) is Rank.MEMBER:
            return Rank.MEMBER
        try:
            member = await self._bot.get_chat_member(int(where.id), int(person))
        except TelegramError as error:
            logger.warning("Telegram: the rank of a member could not be asked for: %s", error)
            return Rank.MEMBER
        ranks = {ChatMemberStatus.OWNER: Rank.OWNER, ChatMemberStatus.ADMINISTRATOR: Rank.MODERATOR}
        return ranks.get(ChatMemberStatus(member.status), Rank.MEMBER)

    # Replies

    async def _respond(self, message: Message, request: Request) -> None:
        await self._show(request, await self._answer(request), answering=message.message_id)

    async def _show(
        self, request: Request, reply: Reply, pressed: int | None = None, *, answering: int | None = None
    ) -> None:
        """Show the cards of a reply: `pressed` is the message that may change, `answering` the one that is answered."""
        place = Place.of(request.where)
        if reply.edit and pressed:
            await _trying(self._edit(place, pressed, reply.edit))
        elif reply.edit:
            await _trying(self.send(place, reply.edit))
        if reply.new:
            await _trying(self.send(place, reply.new))
        if reply.aside and request.where.private:
            await _trying(self.send(place, reply.aside))
        elif reply.aside:
            await _trying(self._aside(request, reply.aside, answering))

    async def _show_shared(self, request: Request, reply: Reply, message: str) -> None:
        """The same, on a message that was shared into a chat where we may not be."""
        if reply.edit:
            await _trying(self._delivery.edit_shared(message, render(reply.edit, self.link)[0]))
        for card in filter(None, (reply.new, reply.aside)):
            await _trying(self.send(Place(int(request.who.id)), card))

    async def send(self, place: Place, card: Card, *, reply_to: int | None = None, post: bool = False) -> int:
        """The messages of a card; the id of the last, which has the buttons."""
        if card.poll and place.chat < 0 and (sent := await self._poll(place, card, post=post)):
            return sent
        for page in render(card, self.link):
            message = await self._delivery.send(place, page, reply_to=reply_to, post=post)
        return message.message_id

    async def _edit(self, place: Place, message: int, card: Card) -> None:
        """Change a message, and send what does not fit into it; or send it all, if the message can't be changed."""
        page, *more = render(card, self.link)
        try:
            if page.picture:  # a message of text can't become one with a picture
                raise BadRequest("no picture in a message of text")
            await self._delivery.edit(place, message, page)
        except BadRequest:
            more = [page, *more]
        for page in more:
            await self._delivery.send(place, page)

    async def _poll(self, place: Place, card: Card, *, post: bool) -> int | None:
        """The card as a quiz poll; None where it does not fit, or where there are none (channels)."""
        assert card.poll  # noqa: S101 - asked for by `send`
        poll = quiz_poll(card, card.poll)
        if not poll:
            return None
        more = keyboard(Card(card.heading, alone=card.alone), self.link)
        try:
            message = await self._delivery.send_poll(place, poll, card.poll.right, more, post=post)
        except BadRequest as error:
            logger.info("Telegram: no poll in %s: %s", place.chat, error)
            return None
        assert message.poll  # noqa: S101 - what was sent
        presses = [press.pack() for _, press in card.poll.choices]
        noted = " ".join([str(message.chat.id), str(place.thread or "-"), *presses])
        await self._memory.keep(f"telegram poll {message.poll.id}", noted)
        return message.message_id

    async def _aside(self, request: Request, card: Card, answering: int | None) -> None:
        """Something for one person of a shared room who did not press a button, or whose press took too long.

        Advice answers a command where it was given. All else goes to the private chat; if the person has none with us,
        a link to one is all that the room sees.
        """
        place = Place.of(request.where)
        if isinstance(request.what, Call) and card.tone in (Tone.ADVICE, Tone.TROUBLE):
            await self.send(place, card, reply_to=answering)
            return
        if not request.who.id.startswith("-"):  # a channel, or an anonymous administrator
            try:
                await self.send(Place(int(request.who.id)), card)
                return
            except Gone:
                pass
        press = Press("call", value=request.what.command if isinstance(request.what, Call) else "start")
        told = say("I tell you that in private.")
        await self.send(place, Card(told, alone=Button(say("Open our chat"), press)), reply_to=answering)

    async def _ask(self, query: CallbackQuery, press: Press, prompt: str) -> None:
        """Ask for the text of a press; what answers this message will be it."""
        message, person = query.message, query.from_user
        if not message:  # a shared card: there is no room where we could ask
            return
        where = room_of(message)
        text = Text(prompt)
        if not where.private:  # only the person who is named gets the field to answer in
            name = person.full_name
            length = len(name.encode("utf-16-le", "surrogatepass")) // 2
            named = MessageEntity(MessageEntity.TEXT_MENTION, 0, length, user=person)
            text = Text(f"{name}: {prompt}", (named,))
        asked = await self._delivery.send(Place.of(where), Page(text), force_reply=prompt[:64])
        await self._memory.keep(_prompt_name(asked.chat.id, asked.message_id), f"{person.id} {press.pack()}")

    async def _acknowledge(self, query: CallbackQuery, text: str = "") -> None:
        """Answer a press, with an alert or without; what can't be answered is logged."""
        try:
            await self._delivery.acknowledge(query, text)
        except TelegramError as error:
            logger.warning("Telegram: a press could not be answered: %s", error)


async def _trying(showing: Awaitable[object]) -> None:
    """Show something to a person; what can't be shown is logged."""
    try:
        async with asyncio.timeout(ANSWER_TIME):
            await showing
    except Gone as error:
        logger.info("Telegram: nobody is there to be answered: %s", error)
    except (TelegramError, TimeoutError) as error:
        logger.warning("Telegram: an answer could not be sent: %s", str(error) or type(error).__name__)


class _Heeded(filters.MessageFilter):
    """Messages that a person wrote here, now: not forwarded, not made by inline mode, not by another bot."""

    def filter(self, message: Message) -> bool:
        other_bot = message.from_user and message.from_user.is_bot and not message.sender_chat
        return not (message.forward_origin or message.via_bot or message.is_automatic_forward or other_bot)


def _room(chat: int, kind: str, thread: int | None = None) -> Room:
    private = kind == ChatType.PRIVATE
    return Room("telegram", str(chat), str(thread or ""), "" if private else str(chat), private)


def room_of(message: MaybeInaccessibleMessage) -> Room:
    """Where a message stands. The General topic of a forum has no thread; a thread of replies is not a topic."""
    thread = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return _room(message.chat.id, message.chat.type, thread)


def who(message: Message) -> Person:
    """Who wrote a message: a chat, for channels and anonymous administrators."""
    sender = message.sender_chat or message.from_user or message.chat
    return Person("telegram", str(sender.id))


def _person(user: User | None) -> Person:
    return Person("telegram", str(user.id if user else 0))


def _about(user: User | None) -> tuple[str, str]:
    """The name and the locale of a person."""
    return (user.full_name, user.language_code or "") if user else ("", "")


def _age(message: Message) -> float:
    """Seconds since a message was written."""
    return (datetime.now(UTC) - message.date).total_seconds()


def _command(message: Message) -> tuple[str, str]:
    """The name of a command, without ours, and what was written after it."""
    named, _, written = (message.text or "").partition(" ")
    first, line, rest = named.partition("\n")
    return first.removeprefix("/").partition("@")[0], f"{rest} {written}".strip() if line else written.strip()


def _prompt_name(chat: int, message: int) -> str:
    return f"telegram prompt {chat}/{message}"


def may_speak(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member and member.can_send_messages
    if isinstance(member, ChatMemberAdministrator):
        return member.can_post_messages is not False  # a right of channels only
    return member.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def _was_out(change: ChatMemberUpdated) -> bool:
    return change.old_chat_member.status in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
