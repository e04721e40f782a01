"""The SQL of codes: what is given to link accounts, or to confirm that all is to be deleted; and of wrong tries."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex

from bot.messages import Person
from bot.store.database import Database, Statement

LINK, DELETE = "link", "delete"  # what codes are for
WRONG_TRIES = 5  # of codes, one after the other, until an account has to wait


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it is kept, and whose it is."""

    who: Person
    hash: str
    expires: datetime


class Codes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, who: Person, purpose: str, code: str, expires: datetime) -> None:
        """A new code in place of the one before.

        It has 39 bits and ten minutes, so a fast hash will do; the salt keeps one table of all codes from being made
        beforehand, and two accounts with one code from being told.
        """
        salt = token_hex(8)
        values = {**_account(who), "purpose": purpose, "salt": salt, "hash": _hash(code, salt)}
        await self._database.write([Statement(_KEEP, {**values, "expires": _seconds(expires)})])

    async def find(self, purpose: str, code: str, now: datetime, who: Person | None = None) -> Code | None:
        """The code that was given, if it is one of this account, or of any; and still is."""
        rows = await self._database.fetch(_CODES, {"purpose": purpose, "now": _seconds(now)})
        for row in rows:
            owner = Person(row["platform"], row["platform_id"])
            if who in (None, owner) and _hash(code, row["salt"]) == row["hash"]:
                return Code(owner, row["hash"], _moment(row["expires_at"]))
        return None

    async def revoke(self, code: Code) -> None:
        await self._database.write([Statement(_REVOKE, {**_account(code.who), "hash": code.hash})])

    async def may_try(self, who: Person, now: datetime, wait: int) -> bool:
        """Count a try before it is looked at, so that many at once are no more than a few; False after too many wrong
        ones, until `wait` seconds have passed since the last."""
        values = {**_account(who), "now": _seconds(now), "over": _seconds(now) - wait}
        return bool((await self._database.write([Statement(_TRY, values)]))[0])

    async def was_right(self, who: Person) -> None:
        """The last try does not count; wrong ones before it still do, or one's own code would make up for them."""
        await self._database.write([Statement(sql, _account(who)) for sql in RIGHT_TRY])


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _hash(code: str, salt: str) -> str:
    return sha256(f"{salt}:{code}".encode()).hexdigest()


def _account(who: Person) -> dict[str, object]:
    return {"platform": who.platform, "platform_id": who.id}


_KEEP = """
    INSERT INTO code (platform, platform_id, purpose, salt, hash, expires_at)
    VALUES (:platform, :platform_id, :purpose, :salt, :hash, :expires)
    ON CONFLICT (platform, platform_id, purpose) DO UPDATE SET
        salt = excluded.salt, hash = excluded.hash, expires_at = excluded.expires_at
"""

_CODES = "SELECT platform, platform_id, salt, hash, expires_at FROM code WHERE purpose = :purpose AND expires_at > :now"

_REVOKE = "DELETE FROM code WHERE platform = :platform AND platform_id = :platform_id AND hash = :hash"

_TRY = f"""
    INSERT INTO wrong_try (platform, platform_id, number, last_at) VALUES (:platform, :platform_id, 1, :now)
    ON CONFLICT (platform, platform_id) DO UPDATE SET
        number = CASE WHEN wrong_try.last_at <= :over THEN 1 ELSE wrong_try.number + 1 END, last_at = excluded.last_at
    WHERE wrong_try.number < {WRONG_TRIES} OR wrong_try.last_at <= :over
    RETURNING number
"""

RIGHT_TRY = (
    "UPDATE wrong_try SET number = number - 1 WHERE platform = :platform AND platform_id = :platform_id",
    "DELETE FROM wrong_try WHERE platform = :platform AND platform_id = :platform_id AND number <= 0",
)
