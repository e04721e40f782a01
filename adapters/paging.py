"""Cut long Markdown into pages: between blocks, and inside a code block only with its fence closed and opened again."""

import re

_FENCE = re.compile(r"^(`{3,}|~{3,})(.*)$")


def pages(text: str, limit: int) -> list[str]:
    """The text in pages of at most `limit` characters, none of them empty; `limit` is at least 40.

    Pages end between paragraphs where that is possible, else between lines, else where they must.
    """
    if len(text) <= limit:
        return [text] if text.strip() else []
    cut: list[str] = []
    page = ""
    for block in _blocks(text, limit):
        joined = f"{page}\n\n{block}" if page else block
        if len(joined) <= limit:
            page = joined
        else:
            if page:
                cut.append(page)
            page = block
    return [*cut, page] if page else cut


def _blocks(text: str, limit: int) -> list[str]:
    """Paragraphs and code blocks, each within the limit."""
    blocks: list[str] = []
    lines: list[str] = []
    fence = ""

    def end() -> None:
        if lines:
            blocks.extend(_fitting(lines, limit))
            lines.clear()

    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if not fence and mark:
            end()
            fence = mark[1]
        elif fence and mark and line.strip() == fence:
            lines.append(line)
            fence = ""
            end()
            continue
        elif not fence and not line.strip():
            end()
            continue
        lines.append(line)
    end()
    return blocks


def _fitting(lines: list[str], limit: int) -> list[str]:
    """One block as one text, or as several where it is too long."""
    if len("\n".join(lines)) <= limit:
        return ["\n".join(lines)]
    opening = _FENCE.match(lines[0])
    before, after = "", ""
    if opening:
        before, after = f"{lines[0]}\n", f"\n{opening[1]}"
        if len(before) + len(after) > limit // 2:  # an info string as long as that is no language
            before = f"{opening[1]}\n"
        lines = lines[1:-1] if lines[-1].strip() == opening[1] else lines[1:]
    room = limit - len(before) - len(after)
    parts: list[str] = []
    for line in lines:
        for start in range(0, max(len(line), 1), room):
            piece = line[start : start + room]
            if parts and start == 0 and len(parts[-1]) + 1 + len(piece) <= room:
                parts[-1] = f"{parts[-1]}\n{piece}"
            else:
                parts.append(piece)
    return [f"{before}{part}{after}" for part in parts if opening or part.strip()]
