"""What the panel of a daily question looks like. Pure: rows of the database in, a card out."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from bot.bank.bank import Filters
from bot.groups.schedule import day_of, next_due, weekdays_in_words
from bot.learners.zones import spoken
from bot.messages import Button, Card, Press, escape
from bot.store.digests import Digest
from bot.store.schedules import Post, Schedule
from bot.wording import say

SHOWN_DUE = 3
SOON = timedelta(seconds=30)  # until then, a claim is called on its way


def panel_card(
    schedule: Schedule | None, history: Sequence[Post], digest: Digest | None, now: datetime, changed: str = ""
) -> Card:
    """What is set, what comes next, and what became of the last posts and of the last digest."""
    parts = [changed] if changed else []
    if schedule:
        parts += [_settings(schedule), _coming(schedule)]
        paused = schedule.next_due is None
        heading = say("A question every day") if not paused else say("A question every day, paused")
        rows = [
            _buttons(("preview", say("Preview")), ("test", say("Test post")), ("skip", say("Skip next"))),
            _buttons(("resume", say("Resume")) if paused else ("pause", say("Pause")), ("off", say("Off"))),
        ]
    else:
        heading = say("No daily question here yet")
        parts.append(
            say(
                "Set it in one go: `/daily time:09:00 timezone:Europe/Berlin weekdays:mon-fri reveal:20:00`. "
                "Or press *Every day at 09:00*, and change it later."
            )
        )
        rows = [_buttons(("on", say("Every day at 09:00")))]
    so_far = [f"- {post.day:%a %Y-%m-%d}: {_told(post, now)}" for post in history]
    if digest:
        so_far.append(f"- {say('Digest of the week from {day}', day=digest.week)}: {_told(digest, now)}")
    if so_far:
        parts.append(say("**So far:**") + "\n\n" + "\n".join(so_far))
    return Card(heading, "\n\n".join(parts), rows=tuple(rows))


def changes(before: Schedule | None, after: Schedule) -> str:
    """What a change has changed, old and new."""
    if not before:
        return say("It is set.")
    old, new = _lines(before), _lines(after)
    changed = [f"- {name}: {old[name]} → **{new[name]}**" for name in new if old[name] != new[name]]
    if not before.next_due:
        changed.append(say("- It goes on."))
    return say("**Changed:**") + "\n\n" + "\n".join(changed) if changed else say("Nothing has changed.")


def _coming(schedule: Schedule) -> str:
    """The next posts, in local time."""
    zone = schedule.zone
    shown: list[str] = []
    due = schedule.due if schedule.next_due else None
    while due and len(shown) < SHOWN_DUE:
        shown.append(_moment(due, schedule))
        at = time.fromisoformat(schedule.at)
        due = next_due(due, at, zone, schedule.weekdays, day_of(due, zone))
    if not shown:
        return say("Nothing comes while it is paused.")
    if schedule.digest_due:
        shown.append(_moment(schedule.digest_due, schedule) + " " + say("(the digest of the week)"))
    return say("**Next:**") + "\n\n" + "\n".join(shown)


def _moment(due: datetime, schedule: Schedule) -> str:
    return f"- {due.astimezone(schedule.zone):%a %Y-%m-%d %H:%M} {spoken(schedule.zone.key)}"


def _told(post: Post | Digest, now: datetime) -> str:
    """What became of it."""
    states = {
        "claimed": say("on its way") if now - post.due < SOON else say("unknown"),
        "sent": say("sent"),
        "unknown": say("unknown"),
        "failed": say("failed"),
        "skipped": say("skipped"),
    }
    why = f" ({escape(post.why)})" if post.why else ""
    return f"{states[post.state]}{why}"


def _buttons(*buttons: tuple[str, str]) -> tuple[Button, ...]:
    return tuple(Button(label, Press("daily", value=value)) for value, label in buttons)


def _lines(schedule: Schedule) -> dict[str, str]:
    """What is set, by the name of its option."""
    filters = Filters.unpack(schedule.filters)
    return {
        "time": schedule.at,
        "timezone": spoken(schedule.timezone),
        "weekdays": weekdays_in_words(schedule.weekdays),
        "topic": filters.section or filters.topic or say("everything"),
        "reveal": schedule.reveal or say("never"),
        "style": schedule.style,
        "thread": say("yes") if schedule.thread else say("no"),
        "digest": say("yes") if schedule.digest else say("no"),
        "ping": escape(schedule.ping) or say("nobody"),
    }


def _settings(schedule: Schedule) -> str:
    return "\n".join(f"- {name}: **{value}**" for name, value in _lines(schedule).items())
