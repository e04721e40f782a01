"""How messages get to Telegram: in their turn, tried again where that is right, and after a room that has moved."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar

from telegram import Bot, CallbackQuery, ForceReply, InlineQueryResult, InputFile, Message, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from adapters.telegram.pacing import Pace
from adapters.telegram.rendering import Page, QuizPoll
from adapters.telegram.transport import unsent
from bot.messages import File, Room
from bot.platforms import Gone, Memory

logger = logging.getLogger(__name__)

RETRIES = 3  # after a cut connection or a 5xx
RETRY_WAIT = 0.1  # seconds before the first of them, doubled each time
PATIENCE = 20  # answers that wait for one chat: a minute's in a group
LONGEST_POST_FLOOD = 90.0  # that a post waits; it is tried again later
LONGEST_FLOOD = 30.0  # seconds that a press waits because Telegram asks for it
ANSWER_TIME = 60.0  # seconds for one message to a person, who has gone elsewhere after that

T = TypeVar("T")

# What a refusal says when the room, or its thread, is why. Telegram has no codes for these.
_ROOM_GONE = (
    "channel_private",
    "chat not found",
    "chat_admin_required",
    "chat_restricted",
    "chat_send_plain_forbidden",
    "chat_write_forbidden",
    "group chat was deactivated",
    "have no rights to send a message",
    "have no write access",
    "input_user_deactivated",
    "need administrator rights",
    "not enough rights to send text messages",
    "peer_id_invalid",
    "user is deactivated",
    "user_banned_in_channel",
    "user_is_blocked",
)
MESSAGE_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
)
_THREAD_GONE = ("message thread not found", "topic_closed", "topic_deleted")


@dataclass(frozen=True, slots=True)
class Place:
    """Where to send: a chat, or a topic of it."""

    chat: int
    thread: int | None = None

    @classmethod
    def of(cls, room: Room) -> "Place":
        return cls(int(room.id), int(room.thread) if room.thread else None)


class Delivery:
    def __init__(self, bot: Bot, memory: Memory) -> None:
        self._bot = bot
        self._memory = memory
        self.pace = Pace()

    async def send(
        self, place: Place, page: Page, *, reply_to: int | None = None, force_reply: str = "", post: bool = False
    ) -> Message:
        """A message. With `force_reply`, people are asked to answer it, in a field with this hint."""
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None
        markup = ForceReply(selective=True, input_field_placeholder=force_reply) if force_reply else None

        def sending(chat: int) -> Awaitable[Message]:
            if page.picture:
                return self._bot.send_photo(
                    chat,
                    page.picture.content,
                    caption=page.text.text,
                    filename=page.picture.name,
                    reply_markup=markup,
                    message_thread_id=place.thread,
                    reply_parameters=reply,
                    api_kwargs=page.fields("caption_entities"),
                )
            if page.file:
                return self._bot.send_document(
                    chat,
                    _upload(page.file),
                    caption=page.text.text or None,
                    reply_markup=markup,
                    message_thread_id=place.thread,
                    reply_parameters=reply,
                    api_kwargs=page.fields("caption_entities"),
                )
            return self._bot.send_message(
                chat,
                page.text.text,
                reply_markup=markup,
                message_thread_id=place.thread,
                reply_parameters=reply,
                api_kwargs=page.fields(),
            )

        return await self._about(place, sending, post=post)

    async def send_poll(
        self, place: Place, poll: QuizPoll, right: int, keyboard: str, *, post: bool = False
    ) -> Message:
        def sending(chat: int) -> Awaitable[Message]:
            return self._bot.send_poll(
                chat,
                poll.question,
                poll.options,
                type="quiz",
                correct_option_ids=[right],  # type: ignore[list-item]  # python-telegram-bot writes them out, 0 to 11
                explanation=poll.explanation,
                is_anonymous=False,
                api_kwargs={"reply_markup": keyboard} if keyboard else None,
                message_thread_id=place.thread,
            )

        return await self._about(place, sending, post=post, once=True)  # of two polls, one would count for nothing

    async def edit(self, place: Place, message: int, page: Page) -> None:
        """Change a message of ours. BadRequest when it can't be changed any more."""

        def editing(chat: int) -> Awaitable[object]:
            return self._bot.edit_message_text(
                page.text.text,
                chat,
                message,
                api_kwargs=page.fields(),
            )

        await _unless_the_same(self._about(place, editing, paced=False))

    async def acknowledge(self, query: CallbackQuery, text: str = "", link: str = "") -> None:
        """Answer a press: with an alert, with a link that opens the private chat, or with nothing."""
        await _insisting(lambda: query.answer(text or None, show_alert=bool(text), url=link or None))

    async def answer_inline(self, query: str, results: Sequence[InlineQueryResult], **more: Any) -> None:
        await _insisting(lambda: self._bot.answer_inline_query(query, results, **more))

    async def close_poll(self, chat: int, message: int) -> None:
        await _insisting(lambda: self._bot.stop_poll(chat, message))

    async def edit_shared(self, message: str, page: Page) -> None:
        """Change a message that somebody shared by inline mode."""

        def editing() -> Awaitable[object]:
            return self._bot.edit_message_text(page.text.text, inline_message_id=message, api_kwargs=page.fields())

        await _unless_the_same(_insisting(editing))

    async def _about(
        self,
        place: Place,
        send: Callable[[int], Awaitable[T]],
        *,
        post: bool = False,
        once: bool = False,
        paced: bool = True,
    ) -> T:
        """Make a call about a chat. Raises Gone, and what else Telegram refuses.

        A post is not tried again after an unknown outcome, since it must not appear twice; nor is a new message to a
        person after a timeout, which is the most likely outcome of a message that did arrive. What never left is.
        """
        chat, failed, moved = place.chat, 0, False
        if paced and not post and self.pace.waiting(chat) >= PATIENCE:
            raise TelegramError(f"so many answers wait for {chat} that this one would come too late")
        while True:
            if paced:
                await self.pace.turn(chat, post=post)
            try:
                return await send(chat)
            except ChatMigrated as error:
                await self._memory.room_moved("telegram", str(chat), str(error.new_chat_id))
                if moved:
                    raise
                chat, moved = error.new_chat_id, True
            except RetryAfter as error:
                if post and seconds(error.retry_after) > LONGEST_POST_FLOOD:
                    raise
                self.pace.hold(chat, seconds(error.retry_after))
                paced = True
            except Forbidden as error:
                await self._memory.room_gone(Room("telegram", str(chat)))
                raise Gone(str(error)) from error
            except BadRequest as error:
                told = str(error).casefold()
                if any(part in told for part in _THREAD_GONE):
                    if place.thread:  # the General topic has none of its own, and the others are still there
                        await self._memory.room_gone(Room("telegram", str(chat), str(place.thread)))
                elif any(part in told for part in _ROOM_GONE):
                    await self._memory.room_gone(Room("telegram", str(chat)))
                else:
                    raise
                raise Gone(str(error)) from error
            except NetworkError as error:
                failed += 1
                doubtful = post or once or (paced and isinstance(error, TimedOut))
                if failed > RETRIES or (doubtful and not unsent(error)):
                    raise
                await asyncio.sleep(RETRY_WAIT * 2**failed)


def _upload(file: File) -> InputFile:
    upload = InputFile(file.content, file.name)
    upload.mimetype = file.mime  # python-telegram-bot guesses by the name, and each system by its own table
    return upload


async def _insisting(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call that may be made twice, again after a cut connection or a 5xx, or when Telegram asked to wait."""
    for failed in count(1):
        try:
            return await call()
        except BadRequest:
            raise
        except RetryAfter as error:
            if failed > RETRIES or seconds(error.retry_after) > LONGEST_FLOOD:
                raise
            await asyncio.sleep(seconds(error.retry_after))
        except NetworkError:
            if failed > RETRIES:
                raise
            await asyncio.sleep(RETRY_WAIT * 2**failed)
    raise AssertionError("counting does not end")


async def _unless_the_same(editing: Awaitable[object]) -> None:
    try:
        await editing
    except BadRequest as error:
        if "message is not modified" not in str(error).casefold():
            raise


def seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
