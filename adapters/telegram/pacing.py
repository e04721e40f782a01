"""When messages may be sent to Telegram: within its limits, and answers to people before posts.

The limits are exact sliding windows, the times of the last messages: a leaky bucket lets twice the number through after
a pause, and Telegram counts them.
"""

import asyncio
from collections import OrderedDict, deque
from heapq import heappop, heappush
from math import inf

OVERALL = 28  # messages in a second, of the 30 that are allowed
PER_GROUP = 20  # messages in a minute
SECOND, MINUTE = 1.01, 60.5  # with a margin for what a network does to intervals
POST_INTERVAL = SECOND / OVERALL  # posts in a burst would leave an answer waiting for the window to move
ROOM = 1_000  # chats before the first search for those to forget


class Pace:
    """Gives turns. First in, first out, within a chat's answers and within its posts."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque(maxlen=OVERALL)
        self._next_post = -inf
        self._chats: dict[int, _Chat] = {}
        self._room = ROOM
        # A chat with answers or posts waiting is in that lane, or parked until it may be sent to again.
        self._lanes: tuple[OrderedDict[int, None], OrderedDict[int, None]] = OrderedDict(), OrderedDict()
        self._parked: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self.waits = 0  # turns that did not come at once
        self.waited = 0.0  # seconds until they came, all together

    async def turn(self, chat: int, *, post: bool = False) -> None:
        """Returns when a message may be sent to the chat, which is to be done at once."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        waiter: asyncio.Future[None] = loop.create_future()
        known = self._chat(chat, now)
        known.waiting[post].append(waiter)
        if not known.parked:
            self._lanes[post].setdefault(chat)
        self._serve(now)
        if not waiter.done():
            self.waits += 1
            try:
                await waiter
            finally:
                self.waited += loop.time() - now

    def waiting(self, chat: int) -> int:
        """How many answers wait for their turn in the chat."""
        return len(self._chats[chat].waiting[0]) if chat in self._chats else 0

    def hold(self, chat: int, seconds: float) -> None:
        """Send nothing to the chat for a while: Telegram asked for it."""
        now = asyncio.get_running_loop().time()
        known = self._chat(chat, now)
        known.held = max(known.held, now + seconds)

    def _chat(self, number: int, now: float) -> "_Chat":
        if number not in self._chats:
            if len(self._chats) >= self._room:
                self._chats = {number: chat for number, chat in self._chats.items() if chat.needed(now)}
                self._room = max(ROOM, 2 * len(self._chats))
            self._chats[number] = _Chat(number)
        return self._chats[number]

    def _free(self, post: int) -> float:
        """When the next message of the lane may be sent, whichever chat it is for."""
        overall = self._sent[0] + SECOND if len(self._sent) == OVERALL else -inf
        return max(overall, self._next_post) if post else overall

    def _serve(self, now: float) -> None:
        """Give every turn that is due, and wake up for the next."""
        while self._parked and self._parked[0][0] <= now:
            _, number = heappop(self._parked)
            chat = self._chats[number]
            chat.parked = False
            for lane, waiting in zip(self._lanes, chat.waiting, strict=True):
                if waiting:
                    lane.setdefault(number)
        for post, lane in enumerate(self._lanes):  # answers first
            while lane and self._free(post) <= now:
                number, _ = lane.popitem(last=False)
                self._offer(number, post, now)
        due = [self._free(post) for post, lane in enumerate(self._lanes) if lane]
        due += [when for when, _ in self._parked[:1]]
        self._wake_at(min(due, default=inf))

    def _offer(self, number: int, post: int, now: float) -> None:
        """Give a chat, which has left the lane, its turn; park it if it has to wait, now or for the turn after."""
        chat = self._chats[number]
        if chat.free() <= now and (waiter := chat.next(post)):
            waiter.set_result(None)
            chat.sent.append(now)
            self._sent.append(now)
            if post:
                late = now - self._next_post  # by a timer: that is made up for, else it would add up
                self._next_post = (self._next_post if late < POST_INTERVAL else now) + POST_INTERVAL
        if not chat.parked and chat.free() > now and any(chat.waiting):
            chat.parked = True
            heappush(self._parked, (chat.free(), number))

    def _wake_at(self, when: float) -> None:
        if self._timer and self._timer.when() != when:
            self._timer.cancel()
            self._timer = None
        if not self._timer and when < inf:
            self._timer = asyncio.get_running_loop().call_at(when, self._wake, when)

    def _wake(self, when: float) -> None:
        self._timer = None
        # A timer may come early, by the resolution of the clock; waking until it is time would be a busy loop.
        self._serve(max(when, asyncio.get_running_loop().time()))


class _Chat:
    def __init__(self, number: int) -> None:
        self.waiting: tuple[deque[asyncio.Future[None]], deque[asyncio.Future[None]]] = deque(), deque()
        self.sent: deque[float] = deque(maxlen=PER_GROUP if number < 0 else 1)
        self.held = -inf
        self.parked = False

    def free(self) -> float:
        """When it may be sent to again."""
        if not self.sent:
            return self.held
        minute = self.sent[0] + MINUTE if len(self.sent) == PER_GROUP else -inf
        return max(self.held, self.sent[-1] + SECOND, minute)

    def next(self, post: int) -> asyncio.Future[None] | None:
        """The first that still waits. The cancelled ones before it are forgotten."""
        waiting = self.waiting[post]
        while waiting:
            waiter = waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def needed(self, now: float) -> bool:
        return self.parked or any(self.waiting) or self.held > now or (bool(self.sent) and self.sent[-1] + MINUTE > now)
