"""The one function of the core: a request in, a reply out, whatever was asked and whatever goes wrong."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.commands import Command, Commands, Option
from bot.help import help_card
from bot.logs import request_id
from bot.messages import Call, Card, Press, Refusal, Reply, Request, Tone, Typed, Voice, escape, legible
from bot.store.database import StoreError
from bot.store.store import Store, new_id
from bot.wording import best, language, say

logger = logging.getLogger(__name__)

NAME_LIMIT = 200  # characters: of people, rooms, commands and what buttons carry
TEXT_LIMIT = 5_000  # of a typed text: half a minute of speech has 500

Now = Callable[[], datetime]


class Dispatch:
    def __init__(self, store: Store, commands: Commands, now: Now) -> None:
        self._store = store
        self._commands = commands
        self._now = now

    async def answer(self, request: Request) -> Reply:
        """What to say to a request. Raises nothing: what fails becomes a kind note, and is logged."""
        request = _legible(request)
        language.set(best(request.locale))
        request_id.set(reference := new_id(6))
        logger.debug("%s: %s", request.who.platform, type(request.what).__name__)
        try:
            what = request.what.press if isinstance(request.what, Typed | Voice) else request.what
            if request.rank < self._commands.rank(what):
                raise Refusal(say("Only moderators can do that here."))
            return await self._answer(request)
        except Refusal as refusal:
            return Reply(aside=refusal.card)
        except StoreError as error:
            logger.error("%s", error)
            return Reply(aside=out_of_reach())
        except Exception:
            logger.exception("reference %s: %s", reference, type(request.what).__name__)
            return _trouble(
                say("That is a mistake of mine, and it has been noted (reference {reference}).", reference=reference)
            )

    async def _answer(self, request: Request) -> Reply:
        match request.what:
            case Call():
                return await self._call(request, request.what)
            case Press(verb="call"):
                return await self._call(request, Call(request.what.value))
            case Press():
                return await self._press(request, request.what)
            case Typed() | Voice():
                return await self._give(request, request.what)

    async def _call(self, request: Request, call: Call) -> Reply:
        command = self._commands.find(call.command)
        if not command:
            return self._unknown(request, call.command)
        options = _read(command, call)
        learner = await self._store.learner(request.who, self._now())
        return await command.handler(request, learner, options)

    async def _press(self, request: Request, press: Press) -> Reply:
        handler = self._commands.presses.get(press.verb)
        if not handler:
            raise _no_button()
        learner = await self._store.learner(request.who, self._now())
        return await handler(request, learner, press)

    async def _give(self, request: Request, given: Typed | Voice) -> Reply:
        """Text, or a voice message, to a button that asks for it: no other knows what to do with it."""
        if given.press.verb in self._commands.prompts:
            return await self._press(request, given.press)
        if isinstance(given, Typed):
            raise _no_button()
        raise Refusal(
            say("Which question is that for?"),
            say("A voice message counts as an answer when it is sent as a reply to a question that can be typed."),
        )

    def _unknown(self, request: Request, name: str) -> Reply:
        near = self._commands.nearest(name)
        heading = say("There is no such command")
        if near:
            raise Refusal(heading, say("Did you mean `/{command}`?", command=near))
        if not request.where.private:
            raise Refusal(heading, say("`/help` lists what there is."))
        return Reply(aside=replace(help_card(self._commands.table), heading=heading))


def _legible(request: Request) -> Request:
    """A request whose texts can be kept and shown, whoever wrote them."""
    match request.what:
        case Call(command, options):
            given = {legible(name, NAME_LIMIT): legible(value, TEXT_LIMIT) for name, value in options.items()}
            what: Call | Press | Typed | Voice = Call(legible(command, NAME_LIMIT), given)
        case Press():
            what = _legible_press(request.what)
        case Typed(press, text):
            what = Typed(_legible_press(press), legible(text, TEXT_LIMIT))
        case Voice(press, seconds):
            what = Voice(_legible_press(press), seconds)
    where = replace(request.where, title=legible(request.where.title, NAME_LIMIT))
    return replace(request, what=what, where=where, name=legible(request.name, NAME_LIMIT))


def _legible_press(press: Press) -> Press:
    return Press(*(legible(part, NAME_LIMIT) for part in (press.verb, press.deal, press.value)))


def _read(command: Command, call: Call) -> dict[str, str]:
    """The options of a call as the command takes them. Platforms check them too, but not for us."""
    known = {option.name: option for option in command.options}
    options: dict[str, str] = {}
    for name, written in call.options.items():
        if name not in known:
            raise Refusal(say("/{command} has no such option", command=command.name), _choice_of(known, name))
        try:
            options[name] = known[name].read(written)
        except ValueError as error:
            raise Refusal(say("That does not fit"), str(error)) from error
    return options


def _no_button() -> Refusal:
    return Refusal(say("That button is too old, or not one of mine"), say("`/quiz` deals a new question."))


def _choice_of(known: Mapping[str, Option], wrong: str) -> str:
    shown = say("I don't understand “{words}”.", words=escape(wrong[:30])) if wrong else ""
    listed = ", ".join(f"`{name}:`" for name in known)
    return f"{shown} {say('It has {names}.', names=listed) if listed else say('It has none.')}".strip()


def out_of_reach() -> Card:
    """What to say while the database can't be used."""
    told = say("I can't reach my notes just now. Please try again in a minute: what was saved counts once.")
    return Card(say("Something went wrong on our side"), told, tone=Tone.TROUBLE)


def _trouble(body: str) -> Reply:
    return Reply(aside=Card(say("Something went wrong on our side"), body, tone=Tone.TROUBLE))
