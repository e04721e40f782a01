"""The one table of commands, and of what buttons do. Every platform registers from it; nothing else is possible."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.bank.bank import LEVELS, Bank
from bot.groups.battle import QUESTIONS, SECONDS, Battling
from bot.groups.daily import Daily
from bot.groups.leaderboard import PERIODS, Leaderboard
from bot.help import help_card, scoring_card
from bot.learners.linking import Linking
from bot.learners.preferences import Preferences
from bot.learners.privacy import Privacy
from bot.learners.progress import Progress
from bot.learners.stats import Stats
from bot.learners.topics import Topics
from bot.learners.zones import zone_names
from bot.messages import Call, Card, Press, Rank, Reply, Request, Typed, Voice
from bot.practice.finding import Finding
from bot.practice.mock import LENGTHS, Mock
from bot.practice.own_words import OwnWords
from bot.practice.quiz import MODES, STYLES, Quiz
from bot.practice.review import MODES as REVIEW_MODES
from bot.practice.review import Reviewing
from bot.store.store import Learner
from bot.wording import say

Options = Mapping[str, str]
Handler = Callable[[Request, Learner, Options], Awaitable[Reply]]
PressHandler = Callable[[Request, Learner, Press], Awaitable[Reply]]

OPTION_LIMIT = 100  # characters


@dataclass(frozen=True, slots=True)
class Option:
    """Something a command can be told: with `choices`, one of them."""

    name: str
    summary: str
    choices: tuple[str, ...] = ()
    suggest: Callable[[str], Sequence[str]] | None = None  # what to complete it to, by what is typed so far

    def read(self, written: str) -> str:
        """The value as the command takes it; ValueError, with a sentence for who wrote it, when it can't be."""
        if len(written) > OPTION_LIMIT:
            message = say("`{option}` is too long: at most {limit} characters.", option=self.name, limit=OPTION_LIMIT)
            raise ValueError(message)
        if not self.choices:
            return written
        if written.lower() not in self.choices:
            listed = ", ".join(f"`{choice}`" for choice in self.choices)
            raise ValueError(say("`{option}` is one of {choices}.", option=self.name, choices=listed))
        return written.lower()


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the table. Words without a name go to the first option."""

    name: str
    summary: str
    handler: Handler
    options: tuple[Option, ...] = ()
    rank: Rank = Rank.MEMBER


class Commands:
    """The tables, by name."""

    def __init__(
        self,
        commands: Sequence[Command],
        presses: Mapping[str, PressHandler],
        prompts: Mapping[str, str] | None = None,  # verbs that ask for a line of text first, and how they ask
        links: frozenset[str] = frozenset(),
        ranks: Mapping[str, Rank] | None = None,
        heeded: frozenset[str] = frozenset(),
        posting: frozenset[str] = frozenset(),
        shared: Callable[[str], list[tuple[str, Card]]] = lambda words: [],
    ) -> None:
        self.table = tuple(commands)
        self.presses = presses
        self.prompts = prompts or {}
        self.ranks = ranks or {}  # that verbs take; without one, any
        self._heeded = heeded  # verbs for which the rank matters, though anybody may press them
        self._posting = posting  # verbs that post a card into the room
        self.links = links  # verbs that may also come by a link that anybody can make up: they change nothing
        self.shared = shared  # cards about some words, each with a name, that work wherever they are shown
        self._by_name = {command.name: command for command in commands}

    def find(self, name: str) -> Command | None:
        return self._by_name.get(name)

    def rank(self, what: Call | Press | Typed) -> Rank:
        """The rank that this takes."""
        press = what.press if isinstance(what, Typed) else what
        if isinstance(press, Press) and press.verb != "call":
            return self.ranks.get(press.verb, Rank.MEMBER)
        command = self.find(press.command if isinstance(press, Call) else press.value)
        return command.rank if command else Rank.MEMBER

    def heeds_rank(self, what: Call | Press | Typed) -> bool:
        """Whether anything depends on the rank of who does this."""
        press = what.press if isinstance(what, Typed) else what
        return self.rank(what) > Rank.MEMBER or (isinstance(press, Press) and press.verb in self._heeded)

    def posts(self, what: Call | Press | Typed | Voice) -> bool:
        """Whether this may post a card that everybody in the room sees."""
        return isinstance(what, Call) or (isinstance(what, Press) and what.verb in self._posting)

    def nearest(self, name: str) -> str:
        """The command that was probably meant; empty when none looks like it."""
        return next(iter(get_close_matches(name, self._by_name, n=1)), "")

    def parse(self, line: str) -> Call:
        """A command as it is typed: `/quiz contexts level:mid`. Names are matched without case; nothing is refused."""
        name, _, rest = line.strip().removeprefix("/").partition(" ")
        command = self.find(name.lower())
        if command and len(command.options) == 1 and not command.options[0].choices:  # all of it is that option
            only = command.options[0].name
            written = rest.strip().removeprefix(f"{only}:").strip()
            return Call(name.lower(), {only: written} if written else {})
        options: dict[str, str] = {}
        words: list[str] = []
        for word in _WORDS.findall(rest):
            key, colon, value = word.partition(":")
            if colon and key:
                options[key.lower()] = value.strip('"')
            else:
                words.append(word.strip('"'))
        if words:
            first = command.options[0].name if command and command.options else ""
            options[first] = " ".join(([options[first]] if first in options else []) + words)
        return Call(name.lower(), options)


_WORDS = re.compile(r'[^\s:"]+:"[^"]*"|"[^"]*"|\S+')


def _among(names: Callable[[], Sequence[str]]) -> Callable[[str], list[str]]:
    """Those of these names that have what is typed in them."""
    return lambda typed: [name for name in names() if typed.casefold() in name.casefold()]


def commands(
    bank: Bank,
    quiz: Quiz,
    finding: Finding,
    own_words: OwnWords,
    reviewing: Reviewing,
    mock: Mock,
    daily: Daily,
    battling: Battling,
    leaderboard: Leaderboard,
    progress: Progress,
    topics: Topics,
    stats: Stats,
    preferences: Preferences,
    linking: Linking,
    privacy: Privacy,
) -> Commands:
    """Everything the bot can do."""
    topic = Option("topic", say("A topic or a section"), suggest=_among(bank.place_names))
    timezone = Option("timezone", say("Where you are, such as Europe/Berlin"), suggest=_among(zone_names))

    async def help_(request: Request, learner: Learner, options: Options) -> Reply:
        return Reply(new=scoring_card() if options.get("about") else help_card(table))

    table = (
        Command(
            "quiz",
            say("A question to practise with"),
            quiz.deal,
            (
                topic,
                Option("level", say("How hard it may be"), choices=LEVELS),
                Option("mode", say("Choose, say it in your own words, or think and rate yourself"), choices=MODES),
                Option("priority", say("Only what most interviews ask"), choices=("yes", "no")),
                Option("style", say("In a group: buttons, or a quiz poll where there are such"), choices=STYLES),
            ),
        ),
        Command(
            "review",
            say("What you are about to forget, one question after the other"),
            reviewing.review,
            (
                topic,
                Option("mistakes", say("What you missed last time, due or not"), choices=("yes", "no")),
                Option("mode", say("Think and rate yourself, or choose"), choices=REVIEW_MODES),
            ),
        ),
        Command(
            "mock",
            say("A mock interview: some questions, half a minute each, and a report"),
            mock.mock,
            (topic, Option("questions", say("How many; five, if you don't say"), choices=LENGTHS)),
        ),
        Command(
            "daily",
            say("A question here every day, at a time that you set"),
            daily.daily,
            (
                Option("time", say("When it comes, such as 09:00")),
                timezone,
                topic,
                Option("weekdays", say("On which days, such as mon-fri")),
                Option("reveal", say("When its answer is told, such as 20:00, or never")),
                Option("style", say("Buttons, or a quiz poll where there are such"), choices=STYLES),
                Option("thread", say("Open a thread to discuss it in, where there are such"), choices=("yes", "no")),
                Option("digest", say("Tell on Mondays how the week was"), choices=("yes", "no")),
                Option("ping", say("Whom to call, such as a role, or nobody")),
            ),
            Rank.MODERATOR,
        ),
        Command(
            "battle",
            say("The same questions to all here, against the clock; alone, against a simulated rival"),
            battling.battle,
            (
                topic,
                Option("questions", say("How many; ten, if you don't say"), choices=QUESTIONS),
                Option("seconds", say("How long for each; twenty, if you don't say"), choices=SECONDS),
                Option("level", say("How hard it may be"), choices=LEVELS),
            ),
        ),
        Command(
            "leaderboard",
            say("Who has most points here, and where you stand"),
            leaderboard.leaderboard,
            (
                Option("period", say("This week, today, this month or all time"), choices=PERIODS),
                Option("topic", say("Only of one topic"), suggest=_among(bank.topic_names)),
            ),
        ),
        Command(
            "search",
            say("Find questions by their words"),
            finding.search,
            (Option("words", say("What it is about, misspelt or not"), suggest=finding.titles),),
        ),
        Command("topics", say("What there is to practise, and how far you are"), topics.topics),
        Command("stats", say("Your answers, your mastery and a year in squares"), stats.stats),
        Command("streak", say("Your days of practice in a row"), progress.streak),
        Command(
            "settings",
            say("Your time zone, reminders, the day of your interview, and whether others see your name"),
            preferences.settings,
            (
                timezone,
                Option("reminder", say("When to tell you that your streak ends today, such as 20:00, or off")),
                Option("interview", say("The day of your interview, such as 2026-12-15, or off")),
                Option("topic", say("What the interview is about"), suggest=_among(bank.place_names)),
                Option("hide", say("Keep your name to yourself"), choices=("yes", "no")),
            ),
        ),
        Command(
            "link",
            say("Make your accounts on several platforms one learner"),
            linking.link,
            (Option("code", say("The code that your other account was given")),),
        ),
        Command("privacy", say("What is kept about you: see it, have it as a file, delete it"), privacy.privacy),
        Command(
            "help",
            say("What this bot does"),
            help_,
            (Option("about", say("How points are counted"), choices=("scoring",)),),
        ),
        Command("start", say("Begin here"), help_),
    )
    presses = {
        "answer": reviewing.noted(quiz.grade),
        "hint": quiz.hint,
        "show": reviewing.noted(quiz.show),
        "rate": reviewing.noted(quiz.rate),
        "explain": quiz.explain,
        "code": quiz.code,
        "next": quiz.next,
        "pick": quiz.pick,
        "verdict": battling.after_the_end(quiz.verdict),
        "open": finding.opened,
        "find": finding.turned,
        "type": reviewing.noted(mock.beside(own_words.typed)),
        "pass": reviewing.noted(own_words.give_up),
        "claim": mock.beside(own_words.claim),
        "review": reviewing.leave,
        "mock": mock.pressed,
        "said": mock.said,
        "mark": reviewing.noted(mock.rate),
        "undo": reviewing.undo,
        "back": reviewing.bring_back,
        "daily": daily.pressed,
        "battle": battling.pressed,
        "referee": battling.ordered,
        "choose": battling.chosen,
        "board": leaderboard.turned,
        "stats": stats.pressed,
        "repair": progress.repair,
        "topic": topics.opened,
        "begin": quiz.begin,
        "link": linking.pressed,
        "privacy": privacy.pressed,
    }
    return Commands(
        table,
        presses,
        prompts={"type": say("Your answer, as you would say it")},
        links=frozenset({"verdict", "show", "type"}),
        ranks={"daily": Rank.MODERATOR},
        heeded=frozenset({"referee"}),
        posting=frozenset({"call", "next", "open", "begin"}),
        shared=finding.shared,
    )
