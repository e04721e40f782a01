"""Which words a sentence denies: in "signed, not encrypted" the second one."""

from collections.abc import Sequence

from bot.practice.grading.reading import Word
from bot.practice.grading.words import NEGATORS, listed, weight

FORWARD, BACKWARD = 9, 6  # words that a denial reaches
SHORT = 5  # words that "unlike" or "rather than" reach

_BRIEF = listed("unlike except instead rather")
_BREAKS = listed("""
    but because so although though while whereas since however therefore when if unless until then thus which hence
    """)
_SUBJECTS = listed("""
    i you he she it we they this that these those the a an there is are was were do does did has have can will must
    should may each every not
    """)
_PRONOUNS = listed("i you he she it we they")
_DETERMINERS = listed("the a an your my its it them this that all")
# Denying twice affirms: "you can't do it without a key".
_TURNING = listed("without lack lacks lacking lacked avoid avoids avoiding fail fails failed forget forgets")
# "It isn't X", unlike "no X", may deny its subject as well.
_OF_VERBS = listed("not unable fail fails failed never hardly rarely seldom scarcely")
_OBJECTS = listed("nothing nobody nowhere")  # "it protects nothing" denies the verb before
_SENTENCES = listed("false untrue myth")  # "it is a myth that ..." denies all that follows
_WRONG = _SENTENCES | listed("wrong incorrect nonsense")
_NOT_DENYING = listed("only just merely matter problem doubt but necessarily until simply mention alone")
# "Rate limiting is useless" denies what stands before it.
_VERDICTS = listed("ignored useless pointless impossible unnecessary irrelevant meaningless")
# Verbs that say nothing of their own: what "X doesn't work" denies is X.
_EMPTY_VERBS = listed("""
    help helps work works exist exists matter matters apply applies need needed necessary required possible supported
    available true case recommended happen happens allowed used useful do did be built
    """)


def denied(words: Sequence[Word]) -> list[Word]:
    """The same words, with those marked that the sentence denies."""
    count = len(words)
    flags, faint = [False] * count, [False] * count
    until = -1  # where the denial in force ends
    turning = False  # whether a denial within it affirms
    for place, word in enumerate(words):
        if word.word not in NEGATORS or not _denies(words, place):
            continue
        if word.word in _VERDICTS:
            for back in _subject(words, place):
                flags[back] = place >= until  # "it is not useless" affirms
            continue
        end = _end(words, place)
        if place < until and (turning or word.word in _TURNING):
            flags[place + 1 : end] = [False] * (end - place - 1)
            until = max(until, end)
            continue
        if word.word in _OBJECTS and place and words[place - 1].clause == word.clause:
            flags[place - 1] = flags[place - 1] or weight(words[place - 1].stem) == 1
        until, turning = end, _denies_all(words, place)
        flags[place + 1 : end] = [True] * (end - place - 1)
        if word.word in _OF_VERBS:
            marked = flags if _says_nothing(words[place + 1 : end]) else faint
            for back in _subject(words, place):
                marked[back] = True
    return [
        word._replace(denied=flag, faint=weak and not flag) if flag or weak else word
        for word, flag, weak in zip(words, flags, faint, strict=True)
    ]


def _denies(words: Sequence[Word], place: int) -> bool:
    """Whether a word that looks like a denial is one here."""
    word = words[place]
    following = words[place + 1].word if place + 1 < len(words) else ""
    preceding = words[place - 1].word if place else ""
    if word.word in ("not", "no", "nothing"):
        if following in _NOT_DENYING or (preceding in ("whether", "or") and following in ("", "it", "the")):
            return False
        opens = not place or words[place - 1].sentence != word.sentence
        interjected = not following or following in _SUBJECTS or words[place + 1].clause != word.clause
        return not (word.word == "no" and opens and interjected)  # "No, it ..."
    if word.word == "forget" and following in ("is", "that"):
        return False  # "what people forget is ..."
    if word.word in ("instead", "rather"):
        return following in ("of", "than")
    if word.word in _WRONG:
        return following in ("that", "to", "the", "it") or preceding in ("a", "simply")
    return word.word != "none" or following == "of"


def _end(words: Sequence[Word], place: int) -> int:
    """The first place that a denial does not reach."""
    word = words[place]
    whole = _denies_all(words, place)
    reach = SHORT if word.word in _BRIEF else FORWARD
    last = place
    for at in range(place + 1, len(words)):
        here = words[at]
        if here.sentence != word.sentence:
            return at
        if whole:
            continue
        if at - last > reach or here.word in _BREAKS:
            return at
        if here.clause != words[at - 1].clause and not _goes_on(words, at):
            return at
        if here.word in NEGATORS and here.word not in _TURNING and _denies(words, at):
            return at
        if here.word == "and" and _begins_anew(words, at + 1):
            return at
        if here.word in _PRONOUNS and (word.word in _BRIEF or (word.word == "without" and at > place + 1)):
            return at
        if here.word in ("or", "nor"):
            last = at
    return len(words)


def _begins_anew(words: Sequence[Word], at: int) -> bool:
    """Whether what follows an "and" is a statement of its own: "and it is", "and put the"."""
    return any(word.word in _SUBJECTS for word in words[at : at + 1]) or any(
        word.word in _DETERMINERS for word in words[at + 1 : at + 2]
    )


def _denies_all(words: Sequence[Word], place: int) -> bool:
    """Whether a denial is of the whole sentence: "it is not true that ..."."""
    following = words[place + 1].word if place + 1 < len(words) else ""
    return words[place].word in _SENTENCES or (words[place].word == "not" and following in ("true", "correct", "right"))


def _goes_on(words: Sequence[Word], at: int) -> bool:
    """Whether the clause that begins here only continues a list: "no ORM, forms or login"."""
    clause = [word.word for word in words[at : at + 8] if word.clause == words[at].clause]
    if clause[0] in ("or", "nor"):
        return True
    if len(clause) > 4 or clause[0] == "and" or clause[0] in _SUBJECTS | _BREAKS | NEGATORS:
        return False
    return any(word.word in ("or", "nor") and word.sentence == words[at].sentence for word in words[at : at + 12])


def _says_nothing(words: Sequence[Word]) -> bool:
    for word in words:
        if word.word in _EMPTY_VERBS:
            return True
        if weight(word.stem):
            return False
    return True


def _subject(words: Sequence[Word], place: int) -> list[int]:
    """The places before a denial that belong to its subject."""
    found: list[int] = []
    for at in range(place - 1, max(-1, place - 1 - BACKWARD), -1):
        word = words[at]
        if word.clause != words[place].clause or word.word in _BREAKS or word.word in NEGATORS:
            break
        if word.word == "and" and words[at + 1].word in _SUBJECTS:
            break
        found.append(at)
    return found
