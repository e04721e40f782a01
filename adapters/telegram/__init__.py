"""Telegram, on python-telegram-bot: updates in, messages with entities out.

`platform` is the life of the bot, `serving` what it does with updates, `ranks` who may do what, `delivery` how messages
get to Telegram; `rendering` and `text` say how cards look there, `transport` and `pacing` how fast and by which client
they are sent.
"""

from adapters.telegram.platform import connect

__all__ = ["connect"]
