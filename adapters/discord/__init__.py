"""Discord, on discord.py: interactions in, Components V2 out.

`platform` is the life of the client, `serving` what it does with interactions, `registering` how the table of commands
becomes application commands, `rendering` how cards look there.

Nothing is kept in memory between two interactions. A button's custom_id is a packed press, and every component and
modal is answered from the raw interaction event: discord.py's own dispatch drops what it can't find in a message it
knows, so a press from before a restart, or a forged one, would end in "This interaction failed".
"""

from adapters.discord.platform import connect

__all__ = ["connect"]
