"""What people do on Telegram, as requests, and what is said to them.

An answer in a private chat changes the card that was pressed, or is a message of its own. In a shared room nobody else
may see it: a press is answered by an alert, with the whole of it behind a link into the private chat.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

import orjson
from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberRestricted,
    ChatMemberUpdated,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    MaybeInaccessibleMessage,
    Message,
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

from adapters.telegram.delivery import ANSWER_TIME, Delivery, Place, seconds
from adapters.telegram.ranks import Ranks
from adapters.telegram.rendering import (
    Page,
    alert,
    enclosing,
    fits_alert,
    keyboard,
    payload,
    pressed,
    quiz_poll,
    render,
)
from adapters.telegram.text import Text, plain
from bot.commands import Commands
from bot.dispatch import out_of_reach
from bot.help import help_card
from bot.messages import Button, Call, Card, File, Person, Press, Reply, Request, Room, Tone, Typed, Voice
from bot.platforms import Answer, Gone, Memory
from bot.store.database import StoreError
from bot.wording import say

logger = logging.getLogger(__name__)

STALE = 300  # seconds after which nobody waits for the answer to a command any more
ACKNOWLEDGE_AFTER = 1.0  # seconds; until then a press may still be answered by an alert
POLL_WAITS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # seconds between looks for a poll whose vote came before we had noted it
VOTE_WAITS = (1.0, 5.0, 25.0)  # seconds between tries to keep a vote, which nobody can cast again
WELCOME_AFTER = 3.0  # seconds
TYPE = "type"  # the verb of the button by which a question is answered in words
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
        self._ranks = Ranks(app.bot, commands)
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by person
        self._showing: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()  # by person and chat
        self._moved_here: deque[int] = deque(maxlen=1_000)  # groups that became supergroups
        heeded = _Heeded() & (filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST)
        handlers: Sequence[BaseHandler[Any, Any, Any]] = (
            CallbackQueryHandler(self._pressed),
            *(CommandHandler(command.name, self._called, heeded) for command in commands.table),
            MessageHandler(filters.COMMAND & heeded, self._unknown),
            MessageHandler(filters.StatusUpdate.MIGRATE, self._moved),
            MessageHandler(filters.StatusUpdate.LEFT_CHAT_MEMBER, self._member_left),
            MessageHandler(filters.TEXT & heeded & filters.UpdateType.MESSAGE, self._said),
            MessageHandler(filters.VOICE & heeded & filters.ChatType.PRIVATE, self._spoke),
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
        if not message or _stale(message):
            return
        name, written = _command(message)
        what: Call | Press = self._commands.parse(f"/{name} {written}")
        if name == "start":
            opened = pressed(written)
            linked = opened.verb in self._commands.links or (
                opened.verb == "call" and self._commands.find(opened.value)
            )
            what = opened if linked and room_of(message).private else Call("start")
        reply = await self._respond(message, await self._request(message, what))
        if isinstance(what, Press) and message.from_user:
            prompt = self._commands.prompts.get(what.verb)
            if prompt and reply.new and what in [button.press for button in reply.new.buttons]:
                await _trying(self._ask(room_of(message), message.from_user, what, prompt))

    async def _unknown(self, update: Update, context: _Context) -> None:
        """A command that is not ours: in a group it is another bot's, unless it names us."""
        message = update.effective_message
        if not message or _stale(message) or not message.text or message.entities[0].offset:
            return
        named = message.parse_entity(message.entities[0]).partition("@")[2].casefold()
        if named == self._bot.username.casefold() or (not named and room_of(message).private):
            name, _ = _command(message)
            await self._respond(message, await self._request(message, Call(name)))

    async def _said(self, update: Update, context: _Context) -> None:
        """Text: the answer to a prompt, or, in private, somebody who does not know what to say."""
        message = update.message
        if not message or not message.text or message.chat.type != ChatType.PRIVATE:
            return
        asked = await self._asked_about(message)
        if asked.verb:
            reply = await self._respond(message, await self._request(message, Typed(asked, message.text)))
            if not any(card.tone is Tone.TROUBLE for card in reply.cards):
                await self._forget_prompt(message)
        elif not _stale(message):
            await self._respond(message, await self._request(message, Call("help")))

    async def _spoke(self, update: Update, context: _Context) -> None:
        """A voice message: the answer to a question, if it is known to which. It is not fetched, nor kept."""
        message = update.message
        if not message or not message.voice:
            return
        press = await self._asked_about(message)
        if press.verb or not _stale(message):
            voice = Voice(press, int(seconds(message.voice.duration)))
            await self._respond(message, await self._request(message, voice))

    async def _asked_about(self, message: Message) -> Press:
        """The press that text or a voice message goes to: of the prompt or question that it answers, or that is open.

        For a voice message it stays open: who was too long may speak again, or type. Without a verb if there is none.
        """
        question = message.reply_to_message
        if not question:
            latest = await self._memory.note(self._prompt_name(message.chat.id))
            return await self._asked_by(int(latest), message) if latest else Press("")
        if not question.from_user or question.from_user.id != self._bot.id:
            return Press("")
        prompted = await self._asked_by(question.message_id, message)
        rows = question.reply_markup.inline_keyboard if question.reply_markup else ()
        presses = (Press.unpack(str(button.callback_data)) for row in rows for button in row)
        return prompted if prompted.verb else next((press for press in presses if press.verb == TYPE), Press(""))

    async def _forget_prompt(self, message: Message) -> None:
        """What was asked for is answered."""
        latest = await self._memory.note(self._prompt_name(message.chat.id))
        prompt = message.reply_to_message.message_id if message.reply_to_message else int(latest or 0)
        await self._memory.forget(self._prompt_name(message.chat.id, prompt))
        if latest == str(prompt):
            await self._memory.forget(self._prompt_name(message.chat.id))

    async def _asked_by(self, prompt: int, message: Message) -> Press:
        """The press for which a message of ours asked who wrote this one for text; without a verb if for none."""
        asked, _, packed = (await self._memory.note(self._prompt_name(message.chat.id, prompt))).partition(" ")
        return Press.unpack(packed) if asked == who(message).id else Press("")

    async def _pressed(self, update: Update, context: _Context) -> None:
        query = update.callback_query
        assert query  # noqa: S101 - of this handler's updates
        press = Press.unpack(query.data or "")
        message = query.message
        if prompt := self._commands.prompts.get(press.verb):
            if not message or not room_of(message).private:  # what is typed there, all would read
                await self._acknowledge(query, link=self.link(press))
                return
            asking = self._ask(room_of(message), query.from_user, press, prompt)
            await asyncio.gather(self._acknowledge(query), _trying(asking))
            return
        where = room_of(message) if message else Room("telegram", query.inline_message_id or "")
        rank = await self._ranks.of(where, str(query.from_user.id), press)
        request = Request(
            _person(query.from_user), where, press, *_about(query.from_user), rank, f"telegram:{query.id}"
        )
        early: list[asyncio.Task[bool]] = []
        timer = asyncio.get_running_loop().call_later(
            ACKNOWLEDGE_AFTER, lambda: early.append(asyncio.ensure_future(self._acknowledge(query)))
        )
        try:
            reply = await self._asked(request)
            if reply.file and not where.private:  # first, since an alert says so if it can't be
                reply = await self._hand_over(request, reply, reply.file)
        finally:
            timer.cancel()
        aside = None if early or reply.file else reply.aside  # with a file it is one message
        told = alert(aside) if aside and (not where.private or fits_alert(aside)) else ""
        answering = early or [asyncio.ensure_future(self._acknowledge(query, told))]
        shown = replace(reply, aside=None) if told else reply
        if message:
            await asyncio.gather(*answering, self._show(request, shown, message.message_id))
        else:
            await asyncio.gather(*answering, self._show_shared(request, shown, query.inline_message_id or ""))
        if told and not answering[0].result():  # the press has expired, and with it the alert
            await self._show(request, Reply(aside=aside))

    async def _voted(self, update: Update, context: _Context) -> None:
        """A vote in a quiz poll. It can't be cast again, so it is tried again for as long as it may help."""
        vote = update.poll_answer
        if not vote or not vote.option_ids:  # it was taken back
            return
        for wait in (*POLL_WAITS, *VOTE_WAITS, None):
            with suppress(StoreError):
                if known := await self._memory.note(f"telegram poll {vote.poll_id}"):
                    break
            if wait is None:
                logger.warning("Telegram: a vote in a poll that is not known")
                return
            await asyncio.sleep(wait)
        chat, thread, *presses = known.split(" ")
        where = Room("telegram", chat, thread.strip("-"), chat)
        if not 0 <= vote.option_ids[0] < len(presses):
            logger.warning("Telegram: a vote for an option that we do not know")
            return
        voter = Person("telegram", str(vote.voter_chat.id)) if vote.voter_chat else _person(vote.user)
        about = _about(vote.user)
        for wait in (*VOTE_WAITS, None):
            reply = await self._asked(Request(voter, where, Press.unpack(presses[vote.option_ids[0]]), *about))
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
                buttons = InlineKeyboardMarkup.de_json(orjson.loads(page.keyboard), None) if page.keyboard else None
                shown = InlineQueryResultArticle(name, title, content, reply_markup=buttons, description=about)
                results.append(shown)
        button = InlineQueryResultsButton(
            say("Practise in private") if results else say("Nothing found"), None, "start"
        )
        try:
            await self._delivery.answer_inline(query.id, results, cache_time=INLINE_CACHE, button=button)
        except TelegramError as error:
            logger.warning("Telegram: a query could not be answered: %s", error)

    async def _moved(self, update: Update, context: _Context) -> None:
        """A group became a supergroup; both of them say so."""
        message = update.effective_message
        if message:
            self._moved_here.append(message.migrate_to_chat_id or message.chat.id)
        if message and message.migrate_to_chat_id:
            await self._memory.room_moved("telegram", str(message.chat.id), str(message.migrate_to_chat_id))
        elif message and message.migrate_from_chat_id:
            await self._memory.room_moved("telegram", str(message.migrate_from_chat_id), str(message.chat.id))

    async def _member_left(self, update: Update, context: _Context) -> None:
        """A member went, or was thrown out."""
        message = update.effective_message
        if message and message.left_chat_member:
            await self._memory.person_left(_person(message.left_chat_member), str(message.chat.id))

    async def _welcomed(self, update: Update, context: _Context) -> None:
        """We were let in, thrown out, blocked, restricted, or let in again."""
        change = update.my_chat_member
        assert change  # noqa: S101 - of this handler's updates
        room = _room(change.chat)
        if not may_speak(change.new_chat_member):
            await self._memory.room_gone(room)
            return
        await self._memory.room_back(room)
        if _was_out(change) and change.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP):
            await asyncio.sleep(WELCOME_AFTER)  # a supergroup that was a group says so just after this
            if change.chat.id in self._moved_here:
                return
            reply = Reply(new=help_card(self._commands.table))
            await self._show(Request(_person(change.from_user), room, Call("start")), reply)

    async def _failed(self, update: object, context: _Context) -> None:
        """A reply that could not be made or shown: say so, if that can be."""
        if isinstance(context.error, StoreError):
            logger.error("%s", context.error)
            card = out_of_reach()
        else:
            logger.error("Telegram: an update could not be answered", exc_info=context.error)
            card = Card(say("Something went wrong on our side"), tone=Tone.TROUBLE)
        if not isinstance(update, Update):
            return
        if update.callback_query:
            await self._acknowledge(update.callback_query, alert(card))
        elif update.message and update.message.chat.type == ChatType.PRIVATE:
            await self._show(await self._request(update.message, Call("")), Reply(new=card))

    # Requests

    async def _request(self, message: Message, what: Call | Press | Typed | Voice) -> Request:
        where, person = room_of(message), who(message)
        rank = await self._ranks.of(where, person.id, what.press if isinstance(what, Typed | Voice) else what)
        id_ = f"telegram:{self._bot.id}/{message.chat.id}/{message.message_id}"
        return Request(person, where, what, *_about(message.from_user), rank, id_)

    # Replies

    async def _respond(self, message: Message, request: Request) -> Reply:
        reply = await self._asked(request)
        await self._show(request, reply, answering=message.message_id)
        return reply

    async def _asked(self, request: Request) -> Reply:
        """What the core says: to one person's requests in order. It waits for nothing that is sent to a chat."""
        async with self._asking.setdefault(request.who.id, asyncio.Lock()):
            return await self._answer(request)

    async def _show(
        self, request: Request, reply: Reply, pressed: int | None = None, *, answering: int | None = None
    ) -> None:
        """Show the cards of a reply: `pressed` is the message that may change, `answering` the one that is answered.

        What one person is shown in one chat is shown in order; another chat that has to wait holds nothing up.
        """
        async with self._showing.setdefault((request.who.id, request.where.id), asyncio.Lock()):
            await self._show_in_order(request, reply, pressed, answering)

    async def _show_in_order(self, request: Request, reply: Reply, pressed: int | None, answering: int | None) -> None:
        place = Place.of(request.where)
        if reply.file and not request.where.private:
            reply = await self._hand_over(request, reply, reply.file)
        if reply.edit and pressed:
            await _trying(self._edit(place, pressed, reply.edit))
        elif reply.edit:
            await _trying(self.send(place, reply.edit))
        if reply.new:
            await _trying(self._send_new(request, place, reply.new))
        if reply.file:
            await _trying(self._send_file(place, reply.aside, reply.file))
        elif reply.aside and request.where.private:
            await _trying(self.send(place, reply.aside))
        elif reply.aside:
            await _trying(self._aside(request, reply.aside, answering))

    async def _send_new(self, request: Request, place: Place, card: Card) -> None:
        """Send a card. In private, one that asks for text before all is a prompt by itself."""
        sent = await self.send(place, card)
        first = card.buttons[0].press if card.buttons else Press("")
        if request.where.private and first.verb in self._commands.prompts:
            await self._keep_prompt(place.chat, sent, request.who.id, first)

    async def _keep_prompt(self, chat: int, message: int, person: str, press: Press) -> None:
        await self._memory.keep(self._prompt_name(chat, message), f"{person} {press.pack()}")
        await self._memory.keep(self._prompt_name(chat), str(message))

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
        try:
            for page in render(card, self.link):
                message = await self._delivery.send(place, page, reply_to=reply_to, post=post)
        except BadRequest as error:
            if not card.picture:
                raise
            logger.info("Telegram: no picture in %s: %s", place.chat, error)
            return await self.send(place, replace(card, picture=None), reply_to=reply_to, post=post)
        return message.message_id

    async def _send_file(self, place: Place, card: Card | None, file: File) -> None:
        for page in enclosing(file, card, self.link):
            await self._delivery.send(place, page)

    async def _hand_over(self, request: Request, reply: Reply, file: File) -> Reply:
        """Send a file that was asked for in a shared room to the private chat; what is left to show.

        An aside goes with it, unless it answers a press. Who has no private chat with us is told how to get one.
        """
        beside = None if isinstance(request.what, Press) else reply.aside
        left = replace(reply, aside=None if beside else reply.aside, file=None)
        if not request.who.id.startswith("-"):  # a channel, or an anonymous administrator
            try:
                async with asyncio.timeout(ANSWER_TIME):
                    await self._send_file(Place(int(request.who.id)), beside, file)
                return left
            except Gone:
                pass
            except (TelegramError, TimeoutError) as error:
                logger.warning("Telegram: a file could not be sent: %s", str(error) or type(error).__name__)
                return left
        told = say("That is for you alone, and I can't write to you yet")
        how = say("Open our chat, press Start, and ask for it once more.")
        return replace(left, aside=Card(told, how, tone=Tone.ADVICE, alone=_way_in(request)))

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
        try:
            await self._note_poll(message.poll.id, noted)
        except StoreError:
            await self._delivery.close_poll(message.chat.id, message.message_id)  # nobody's vote would count
            raise
        return message.message_id

    async def _note_poll(self, poll: str, noted: str) -> None:
        for wait in (*POLL_WAITS, None):
            try:
                await self._memory.keep(f"telegram poll {poll}", noted)
                return
            except StoreError:
                if wait is None:
                    raise
                await asyncio.sleep(wait)

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
        await self.send(place, Card(say("I tell you that in private."), alone=_way_in(request)), reply_to=answering)

    async def _ask(self, where: Room, person: User, press: Press, prompt: str) -> None:
        """Ask in private for the text of a press; what answers this message will be it."""
        async with self._showing.setdefault((str(person.id), where.id), asyncio.Lock()):
            asked = await self._delivery.send(Place.of(where), Page(Text(prompt)), force_reply=prompt[:64])
        await self._keep_prompt(asked.chat.id, asked.message_id, str(person.id), press)

    def _prompt_name(self, chat: int, message: int | None = None) -> str:
        """Under what a prompt is kept, or the number of the latest prompt of a private chat."""
        return f"telegram prompt {self._bot.id}/{chat}/{message or 'latest'}"

    async def _acknowledge(self, query: CallbackQuery, text: str = "", link: str = "") -> bool:
        """Answer a press, with an alert, with the way into our chat, or with nothing. False, and a line in the log, if
        that can't be."""
        try:
            await self._delivery.acknowledge(query, text, link)
            return True
        except TelegramError as error:
            logger.warning("Telegram: a press could not be answered: %s", error)
            return False


def _way_in(request: Request) -> Button:
    """A link into the private chat, where it asks for the same once more if that was a command."""
    press = Press("call", value=request.what.command if isinstance(request.what, Call) else "start")
    return Button(say("Open our chat"), press)


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


def _room(chat: Chat, thread: int | None = None) -> Room:
    private = chat.type == ChatType.PRIVATE
    community = "" if private else str(chat.id)
    return Room("telegram", str(chat.id), str(thread or ""), community, private, chat.title or "")


def room_of(message: MaybeInaccessibleMessage) -> Room:
    """Where a message stands. The General topic of a forum has no thread; a thread of replies is not a topic."""
    thread = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return _room(message.chat, thread)


def who(message: Message) -> Person:
    """Who wrote a message: a chat, for channels and anonymous administrators."""
    sender = message.sender_chat or message.from_user or message.chat
    return Person("telegram", str(sender.id))


def _person(user: User | None) -> Person:
    return Person("telegram", str(user.id if user else 0))


def _about(user: User | None) -> tuple[str, str]:
    """The name and the locale of a person."""
    return (user.full_name, user.language_code or "") if user else ("", "")


def _stale(message: Message) -> bool:
    """Whether nobody waits for the answer any more."""
    age = (datetime.now(UTC) - message.date).total_seconds()
    if age > STALE:
        logger.info("Telegram: a message of %.0f seconds ago is let go", age)
    return age > STALE


def _command(message: Message) -> tuple[str, str]:
    """The name of a command, without ours, and what was written after it."""
    entity = message.entities[0]
    name = message.parse_entity(entity)
    return name.removeprefix("/").partition("@")[0], (message.text or "")[len(name) :].strip(" \t\r\n\u00a0,:")


def may_speak(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member and member.can_send_messages
    if isinstance(member, ChatMemberAdministrator):
        return member.can_post_messages is not False  # a right of channels only
    return member.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def _was_out(change: ChatMemberUpdated) -> bool:
    return change.old_chat_member.status in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
