"""Battles: a live round in a group, or against a simulated opponent; what people ask for, press and choose."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.bank.bank import Bank, Filters
from bot.groups.arena import Seats, lobby_card, own_result
from bot.groups.refereeing import EDIT_EVERY, PATIENCE, Referee
from bot.groups.rounds import HASTE
from bot.lane import Lane
from bot.learners.preparing import place_named
from bot.messages import Button, Card, Press, Rank, Refusal, Reply, Request, Tone
from bot.practice import cards
from bot.store.battles import ASKING, LOBBY, PAUSE, RIGHT, RIVAL, Battle
from bot.store.store import Deal, Learner, Store, id_of, new_id
from bot.wording import count, say

QUESTIONS = tuple(str(number) for number in range(3, 21))
SECONDS = ("10", "15", "20", "30", "45", "60")
USUAL_QUESTIONS, USUAL_SECONDS = 10, 20
LOBBY_TIME = timedelta(seconds=60)
MOST = 200  # players
ID_LENGTH = 11

Handler = Callable[[Request, Learner, Press], Awaitable[Reply]]

_WHY = re.compile(r"why\.([0-9]{1,2})")


class Battling:
    def __init__(self, bank: Bank, store: Store, lane: Lane, referee: Referee, now: Callable[[], datetime]) -> None:
        self._bank = bank
        self._store = store
        self._battles = store.battles
        self._rounds = store.rounds
        self._lane = lane
        self._referee = referee
        self._now = now

    async def battle(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """Open a battle, or join the one that is open. Who is alone with us has a simulated opponent."""
        return await self._begin(request, learner, self._wanted(request, learner, options))

    async def _begin(self, request: Request, learner: Learner, wanted: Battle) -> Reply:
        where, now = request.where, self._now()
        if not where.private and not where.community:
            raise Refusal(say("There are no battles here"), say("They are for servers and groups, and for our chat."))
        room = await self._store.room(where, now)
        known = await self._battles.running(room)
        battle = replace(wanted, room=room)
        if where.private:
            return await self._alone(request, learner, battle, known)
        if known:
            return await self._come(request, learner, known)
        if not self._lane.serves(where.platform):
            raise Refusal(say("I can't post here from this process."))
        if missing := await self._lane.missing(where):
            raise Refusal(say("I can't post here yet"), missing)
        if not await self._battles.open(battle, [learner.id], request.name):
            raise Refusal(say("Somebody else has just opened a battle"), say("`/battle` joins it."))
        return Reply(new=await self._lobby(battle))

    async def pressed(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The buttons of a battle as a whole."""
        battle = await self._pressed(request, press)
        why = _WHY.fullmatch(press.value)
        if why:
            return await self._explained(battle, int(why[1]))
        match press.value:
            case "mine":
                return await self._result_of(battle, learner)
            case "review":
                return await self._reviewed(battle, learner)
            case "again":
                filters = Filters.unpack(battle.filters)
                return await self._begin(
                    request, learner, self._new(request, learner, filters, battle.questions, battle.seconds)
                )
        if battle.ended:
            raise _ended()
        match press.value:
            case "join":
                return await self._join(request, learner, battle)
            case "leave":
                return await self._leave(learner, battle)
            case "next" if battle.where.private:
                return await self._next(battle)
        raise _no_button()

    async def ordered(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The buttons of who opened it, and of moderators."""
        battle = await self._pressed(request, press)
        if battle.ended:
            raise _ended()
        if learner.id != battle.opener and request.rank < Rank.MODERATOR:
            raise Refusal(say("That is not for you to do"), say("Whoever opened the battle, or a moderator, can."))
        match press.value:
            case "start":
                return await self._start(battle)
            case "stop":
                return await self._stop(battle)
        raise _no_button()

    async def chosen(self, request: Request, learner: Learner, press: Press) -> Reply:
        """A choice, which may be changed until the time is up. Nobody learns yet whether it is right."""
        found = await self._rounds.of_deal(press.deal)
        if not found:
            raise _over()
        battle, asked = found
        _here(request, battle)
        place = cards.LETTERS.find(press.value) if len(press.value) == 1 else -1
        if not 0 <= place < len(asked.choices):
            raise Refusal(say("This question has no such answer"), say("Please use the buttons below it."))
        now = self._now()
        value = asked.choices[place]
        chosen = await self._rounds.choose(battle, asked.place, learner.id, request.name, value, HASTE, MOST, now)
        if not chosen:
            latest = await self._rounds.round(battle.id, asked.place)
            raise _full() if latest and not latest.closed and now < latest.ends else _over()
        if battle.where.private and chosen.all:
            return await self._closed(battle)
        if int(now.timestamp()) < asked.opened.timestamp() + HASTE:
            heading = say("You chose {letter}, sooner than one can read", letter=press.value)
            return Reply(aside=Card(heading, say("Press it once more, and it counts."), tone=Tone.ADVICE))
        told = say("{answered} of {players} have answered.", answered=chosen.answered, players=chosen.players)
        more = "" if chosen.all else say("You may change it until the time is up.")
        return Reply(aside=Card(say("You chose {letter}", letter=press.value), f"{told} {more}".strip()))

    def after_the_end(self, telling: Handler) -> Handler:
        """The same press, but for a question that a battle asks at the moment: nobody is told yet what is right."""

        async def told(request: Request, learner: Learner, press: Press) -> Reply:
            found = await self._rounds.of_deal(press.deal)
            if found and not found[1].closed:
                raise Refusal(say("Wait until the time is up, then I tell."))
            return await telling(request, learner, press)

        return told

    async def _pressed(self, request: Request, press: Press) -> Battle:
        battle = await self._battles.battle(press.deal)
        if not battle:
            raise Refusal(say("I don't know this battle any more"), say("`/battle` opens one."))
        _here(request, battle)
        return battle

    # Lobby

    def _wanted(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Battle:
        """The battle that was asked for. Refuses one for which there are no questions."""
        place = place_named(self._bank, options.get("topic", ""))
        filters = Filters(place.topic, place.section, options.get("level", ""), mode="choice")
        number = min(int(options.get("questions", USUAL_QUESTIONS)), len(self._bank.pool(filters)))
        if not number:
            raise Refusal(say("There is no such question"), say("Ask for less: another level or section."))
        return self._new(request, learner, filters, number, int(options.get("seconds", USUAL_SECONDS)))

    def _new(self, request: Request, learner: Learner, filters: Filters, number: int, seconds: int) -> Battle:
        """The same request opens the same battle; which room it is in is still to be said."""
        id_ = id_of(request.id, ID_LENGTH) if request.id else new_id(ID_LENGTH)
        now = self._now()
        due = now + LOBBY_TIME
        return Battle(id_, "", request.where, learner.id, filters.pack(), number, seconds, now, due=due)

    async def _lobby(self, battle: Battle) -> Card:
        seats = Seats(await self._battles.players(battle), battle.where.private)
        return lobby_card(battle, seats, self._bank, int(LOBBY_TIME.total_seconds()))

    async def _come(self, request: Request, learner: Learner, battle: Battle) -> Reply:
        """Another asks for a battle where one is: once more for the same, or to play along."""
        if battle.state != LOBBY:
            how = say("Choose an answer to its question, and you play along.")
            raise Refusal(say("There is a battle here already"), how)
        if request.id and battle.id == id_of(request.id, ID_LENGTH):
            return Reply(new=await self._lobby(battle))
        if not await self._battles.join(battle.id, learner.id, request.name, MOST, self._now()):
            raise _full()
        raise Refusal(say("A battle is open here already"), say("You have joined it."))

    async def _join(self, request: Request, learner: Learner, battle: Battle) -> Reply:
        if not await self._battles.join(battle.id, learner.id, request.name, MOST, self._now()):
            raise _full()
        return await self._changed(battle, say("You are in"))

    async def _leave(self, learner: Learner, battle: Battle) -> Reply:
        if not await self._battles.leave(battle.id, learner.id, self._now()):
            raise Refusal(say("You are not in this battle."))
        return await self._changed(battle, say("You have left"))

    async def _changed(self, battle: Battle, told: str) -> Reply:
        """Tell a player, and show on the lobby who has come, if its card may change again."""
        now = self._now()
        number = len([one for one in await self._battles.players(battle) if not one.gone])
        aside = Card(told, count("{number} player so far.", "{number} players so far.", number))
        if battle.state == LOBBY and await self._battles.may_edit_lobby(battle.id, now - EDIT_EVERY, now):
            return Reply(edit=await self._lobby(battle), aside=aside)
        return Reply(aside=aside)

    async def _start(self, battle: Battle) -> Reply:
        if battle.state != LOBBY:
            raise Refusal(say("It has begun already."))
        if len(await self._battles.players(battle)) > 1:
            if not await self._referee.start(battle):
                raise Refusal(say("It has begun already."))
            return Reply(aside=Card(say("It begins")))
        if not await self._referee.end(battle, "alone"):
            raise Refusal(say("It has begun already."))
        return Reply(new=await self._referee.practice(battle))

    async def _stop(self, battle: Battle) -> Reply:
        ended = await self._referee.end(battle, "stopped")
        if not ended:
            raise Refusal(say("Something else has happened at this moment"), say("Press it once more."))
        return Reply(new=await self._referee.final(ended))

    # Alone

    async def _alone(self, request: Request, learner: Learner, battle: Battle, known: Battle | None) -> Reply:
        """Begin against the simulated opponent, or go on."""
        if known and known.state == ASKING:
            asked = await self._rounds.round(known.id, known.place)
            entry = self._referee.entry(asked) if asked else None
            if asked and entry and self._now() < asked.ends:
                return Reply(new=await self._referee.question(known, asked, entry))
            return await self._closed(known)
        if not known:
            battle = replace(battle, state=PAUSE, due=self._now() + PATIENCE)
            if not await self._battles.open(battle, [learner.id, RIVAL], request.name):
                raise Refusal(say("Something else has happened at this moment"), say("Ask for it once more."))
            known = await self._battles.battle(battle.id)
        return await self._next(known or battle)

    async def _next(self, battle: Battle) -> Reply:
        if battle.state != PAUSE:
            raise Refusal(say("Answer this one first."))
        asked = await self._referee.ask(battle)
        if asked:
            return Reply(new=await self._referee.question(*asked))
        if ended := await self._referee.end(battle, "missing"):
            return Reply(new=await self._referee.final(ended))
        raise Refusal(say("The next question is there already."))

    async def _closed(self, battle: Battle) -> Reply:
        """What was right, in place of the question; after the last one, who has won."""
        closed = await self._referee.close(battle)
        if not closed:
            raise _over()
        battle, asked = closed
        result = await self._referee.result(battle, asked)
        last = asked.place >= battle.questions
        ended = await self._referee.end(battle) if last else None
        return Reply(edit=result, new=await self._referee.final(ended) if ended else None)

    # Afterwards

    async def _explained(self, battle: Battle, place: int) -> Reply:
        asked = await self._rounds.round(battle.id, place)
        entry = self._referee.entry(asked) if asked and asked.closed else None
        if not asked or not entry:
            raise Refusal(say("I don't know this question any more."))
        deal = Deal(asked.deal, "", 0, "", asked.question, "choice", asked.choices, "", asked.opened)
        card = replace(cards.explanation_card(deal, entry), rows=())
        body = say("**Said in 30 seconds:**") + "\n\n" + entry.question.answer + "\n\n" + card.body
        return _alone_or_aside(battle, replace(card, body=body))

    async def _result_of(self, battle: Battle, learner: Learner) -> Reply:
        score = await self._referee.score(battle)
        mine = next((one for one in score.places if one.learner == learner.id), None)
        if not mine:
            raise Refusal(say("You were not in this battle."))
        return _alone_or_aside(battle, own_result(mine, len(score.places), battle.place))

    async def _reviewed(self, battle: Battle, learner: Learner) -> Reply:
        """What a player missed comes again at once; what they have reviewed since does not."""
        if not battle.ended:
            raise Refusal(say("It is not over yet."))
        rounds = await self._rounds.of(battle.id)
        for asked in rounds:
            if asked.keep:
                await self._referee.keep(asked)
        chosen = await self._rounds.chosen(battle.id, learner.id)
        missed = [one.question for one in rounds if chosen.get(one.place, RIGHT) != RIGHT]
        if not missed:
            raise Refusal(say("You have missed nothing here."))
        number = await self._store.reviews.bring_forward(learner.id, missed, battle.ended, self._now())
        rows = ((Button(say("Review"), Press("call", value="review")),),) if battle.where.private else ()
        if not number:
            told = Card(say("They are in your reviews already"), say("`/review` shows what is due."), rows=rows)
            return _alone_or_aside(battle, told)
        heading = count("{number} question is due now", "{number} questions are due now", number)
        body = say("`/review` asks them, one after the other, in our private chat.")
        if battle.where.private:
            body = say("`/review` asks them, one after the other.")
        return _alone_or_aside(battle, Card(heading, body, rows=rows, tone=Tone.GOOD))


def _here(request: Request, battle: Battle) -> None:
    """Refuse what was pressed elsewhere."""
    where = request.where
    if where.platform != battle.where.platform or where.id not in (battle.where.id, battle.former_id):
        raise Refusal(say("This battle is elsewhere"), say("`/battle` opens one here."))


def _alone_or_aside(battle: Battle, card: Card) -> Reply:
    return Reply(new=card) if battle.where.private else Reply(aside=card)


def _ended() -> Refusal:
    return Refusal(say("This battle is over"), say("`/battle` opens another one."))


def _no_button() -> Refusal:
    return Refusal(say("That button is too old, or not one of mine"), say("`/battle` opens a battle."))


def _over() -> Refusal:
    return Refusal(say("The time for this question is up"), say("What was chosen by then counts."))


def _full() -> Refusal:
    return Refusal(say("This battle is full"), say("There is room for {most} players.", most=MOST))
