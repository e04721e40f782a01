"""The table of commands as Discord's application commands, with choices, suggestions and every language."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from inspect import Parameter, Signature
from typing import Any

import discord
from discord import app_commands

from adapters.discord.serving import Interaction, Serving, deliver
from bot.commands import Command, Option
from bot.messages import Call, Rank
from bot.wording import languages, said_in

logger = logging.getLogger(__name__)

CHOICES = 25  # of an option, and suggestions while typing
CHOICE_TEXT = 100


class Tree(app_commands.CommandTree[Any]):
    def __init__(self, client: discord.Client, serving: Serving, table: Iterable[Command]) -> None:
        super().__init__(client)
        self._serving = serving
        for command in table:
            self.add_command(_app_command(command, serving.serve))

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Discord still offers a command, or an option, as it was before an update: answer as to an unknown one."""
        logger.info("Discord: a command that is not as we know it: %s", type(error).__name__)
        if interaction.type is discord.InteractionType.autocomplete:
            await deliver(lambda: interaction.response.autocomplete([]))
            return
        data: Any = interaction.data or {}
        await self._serving.serve(interaction, Call(str(data.get("name", "")), {"": ""}))


def _app_command(
    command: Command, serve: Callable[[Interaction, Call], Awaitable[None]]
) -> app_commands.Command[Any, Any, Any]:
    """An application command from a line of the table, by what discord.py offers to everyone."""

    async def callback(interaction: Interaction, **options: object) -> None:
        # Where Discord still offers an option as it was before an update, it is of another type.
        given = {name: str(value) for name, value in options.items() if value is not None}
        await serve(interaction, Call(command.name, given))

    parameters = [Parameter("interaction", Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)]
    for option in command.options:
        kind = str | None
        parameters.append(Parameter(option.name, Parameter.KEYWORD_ONLY, default=None, annotation=kind))
    callback.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    made: app_commands.Command[Any, Any, Any] = app_commands.Command(
        name=command.name,
        description=app_commands.locale_str(command.summary),
        callback=_described(callback, command.options),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )
    if command.rank > Rank.MEMBER:
        made.default_permissions = discord.Permissions(manage_guild=True)
    return made


def _described(callback: Any, options: Sequence[Option]) -> Any:
    """The callback with what discord.py's decorators would say of its options."""
    for option in options:
        callback = app_commands.describe(**{option.name: app_commands.locale_str(option.summary)})(callback)
        if option.choices:
            choices = [app_commands.Choice(name=choice, value=choice) for choice in option.choices]
            callback = app_commands.choices(**{option.name: choices})(callback)
        elif option.suggest:
            callback = app_commands.autocomplete(**{option.name: _suggest(option.suggest)})(callback)
    return callback


def _suggest(names: Callable[[str], Sequence[str]]) -> Any:
    async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        # Of an option that was a number before an update, what is typed is a number.
        found = [name for name in names(str(typed)) if len(name) <= CHOICE_TEXT]
        return [app_commands.Choice(name=name, value=name) for name in found[:CHOICES]]

    return suggest


class Translator(app_commands.Translator):
    """Commands in every language that there is a catalogue for."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        name = next((name for name in (locale.value, locale.value.partition("-")[0]) if name in languages()), "en")
        return said_in(name, string.message) if name != "en" else None
