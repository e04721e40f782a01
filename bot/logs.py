"""Log lines, as text or as JSON: one for each thing that happened, with the request it belongs to, and no token."""

import json
import logging
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from bot.config import Config

OURS = ("bot", "adapters")

request_id: ContextVar[str] = ContextVar("request_id", default="")  # of what is being answered; people see it in errors

_QUIETER = {"debug": logging.INFO, "info": logging.WARNING, "warning": logging.WARNING, "error": logging.ERROR}
# What does something to a screen: control characters, ends of lines, changes of writing direction.
_IN_JSON = {
    number: f"\\u{number:04x}"
    for number in (*range(127, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}  # those below, it escapes by itself
_IN_TEXT = _IN_JSON | {
    number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160)) if chr(number) not in "\t\n"
}
_IN_ONE_LINE = {10: "\\n", 13: "\\r"}


def write_logs(config: Config) -> None:
    """Write what is logged to the standard error output, in the form that is configured."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter(config))
    handler.addFilter(quiet(config.monitor.log))
    logging.basicConfig(level=config.monitor.log.upper(), handlers=[handler])


def quiet(level: str) -> Callable[[logging.LogRecord], bool]:
    """Whether a line is let through: of libraries, what is one level more urgent than what is asked of us.

    At their debug level they tell what people wrote.
    """
    least = _QUIETER[level]
    return lambda record: record.levelno >= least or record.name.partition(".")[0] in OURS


class LogFormatter(logging.Formatter):
    """A line, or an object of JSON, of a record, without a token: Telegram's is part of every address that is asked."""

    def __init__(self, config: Config) -> None:
        super().__init__("%(levelname)s %(name)s%(request)s: %(message)s")
        tokens = (config.discord.token, config.telegram.token)
        self._secrets = [token.get_secret_value() for token in tokens if token.get_secret_value()]
        self._json = config.monitor.log_format == "json"

    def format(self, record: logging.LogRecord) -> str:
        line = self._object(record) if self._json else super().format(record).translate(_IN_TEXT)
        for secret in self._secrets:
            line = line.replace(secret, "[token]")
        return line

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The first line of a text: whatever a message quotes, it neither begins another line nor paints the screen."""
        asked = request_id.get()
        record.request = f" [{asked}]" if asked else ""
        return super().formatMessage(record).translate(_IN_ONE_LINE)

    def _object(self, record: logging.LogRecord) -> str:
        shown = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if asked := request_id.get():
            shown["request"] = asked
        if record.exc_info:
            shown["error"] = self.formatException(record.exc_info)
        return json.dumps(shown, ensure_ascii=False).translate(_IN_JSON)
