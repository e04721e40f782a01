"""The rank of a person in a chat. Telegram says it of nobody by itself, and may not be asked again and again."""

import asyncio
import logging

from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

from bot.commands import Commands
from bot.limits import Rate, Rates
from bot.messages import Call, Press, Rank, Room

logger = logging.getLogger(__name__)

TRIES = Rate(10, 0.1)  # of somebody who is no moderator, for which Telegram is asked whether that is still so

_RANKS = {ChatMemberStatus.OWNER: Rank.OWNER, ChatMemberStatus.ADMINISTRATOR: Rank.MODERATOR}


class Ranks:
    def __init__(self, bot: Bot, commands: Commands) -> None:
        self._bot = bot
        self._commands = commands
        self._refused = Rates()

    async def of(self, where: Room, person: str, what: Call | Press) -> Rank:
        """The rank of a person; asked for only where something depends on it."""
        if where.private:
            return Rank.OWNER
        if person == where.id:  # an anonymous administrator, or a channel, whose posts are by administrators
            return Rank.MODERATOR
        if not where.community or not self._commands.heeds_rank(what) or person.startswith("-"):
            return Rank.MEMBER  # whoever writes as another channel is nobody whom the group knows
        tries, now = [(TRIES, (where.id, person))], asyncio.get_running_loop().time()
        if self._refused.wait(tries, now):
            return Rank.MEMBER
        try:
            member = await self._bot.get_chat_member(int(where.id), int(person))
        except TelegramError as error:
            logger.warning("Telegram: the rank of a member could not be asked for: %s", error)
            return Rank.MEMBER
        rank = _RANKS.get(ChatMemberStatus(member.status), Rank.MEMBER)
        if rank is Rank.MEMBER:
            self._refused.take(tries, now)
        return rank
