"""What a reader must know before a number is quoted."""

from typing import Any

from segpredict.report._format import number, share
from segpredict.report.deck._look import FILL, STRONG
from segpredict.report.deck._slide import (
    Chart,
    Page,
    Placed,
    Points,
    Series,
    Slide,
    Story,
    clip,
)
from segpredict.report.sections.canary import Canary
from segpredict.report.sections.chances import Chances
from segpredict.report.sections.choice import Choice
from segpredict.report.sections.headline import Headline
from segpredict.report.sections.verdict import Verdict
from segpredict.report.sections.worth import Worth

MOST = 3  # warnings of the run that are shown
LONG = 140  # letters of a warning
ALL, EVERYBODY = "all tests", "everybody"  # as the page names them
CALIBRATION = "ece"


def limits(story: Story) -> Page | None:
    """Return the slide of limits; the headline always has some."""
    head, seen = story.of(Headline), story.of(Canary)
    if head is None:
        return None
    # Those of the forecast stand after those of the data.
    own = tuple(clip(text, LONG) for text in head.warnings[-MOST:])
    more = len(head.warnings) - len(own)
    if more > 0:
        own += (f"… and {more} more, on the page.",)
    known = Points(heading="What holds for every number here", sentences=_known(story))
    right = Points(heading="What this run warns of", sentences=own, size=12)
    things = [Placed(known, width=6)]
    if seen is not None:
        things.append(Placed(_careless(seen), left=6, width=6, height=5.5))
    if own:
        top = 6 if seen is not None else 0
        things.append(Placed(right, left=6, width=6, top=top, height=12 - top))
    return Page(
        title=_title(story),
        lead="Say these before a number is quoted.",
        things=tuple(things),
        notes=(
            head.note,
            *head.warnings,
            *(f"{sight.meaning} {share(sight.accuracy)}." for sight in _sights(seen)),
        ),
    )


def _title(story: Story) -> str:
    told = story.of(Verdict)
    count = len(told.origins) if told else 0
    if not count:
        return "Nothing here was tested on days that came later"
    windows = "one past window" if count == 1 else f"{count} past windows"
    return f"Tested on {windows} only: what is likely, not why"


def _known(story: Story) -> tuple[str, ...]:
    told = [
        "Probabilities are for the days ahead if the shop goes on as it did: no new "
        "prices, campaigns or rivals.",
        "What moves a forecast is an association, not a cause.",
    ]
    told += _judged(story)
    choice, worth = story.of(Choice), story.of(Worth)
    if choice is not None and choice.meaning:
        told.append(f"Segments are {choice.grade}: {choice.meaning}.")
    if worth is not None and worth.tested is not None:
        low, high = (share(end, 0) for end in worth.tested)
        told.append(f"Of the revenue at risk that was foretold, {low} to {high} came.")
    return tuple(told)


def _judged(story: Story) -> list[str]:
    """Return how far probabilities and sets were off in the tests."""
    told, verdict = [], story.of(Verdict)
    if verdict is not None and verdict.pooled is not None:
        place = [metric.name for metric in verdict.metrics].index(CALIBRATION)
        own = [j.values[place] for j in verdict.pooled.judged if j.is_model]
        if own and own[0] is not None:
            told.append(f"Stated probabilities were off by {share(own[0])} on average.")
    sets = story.of(Chances)
    pooled = [e for e in sets.sets if e.test == ALL] if sets else []
    told += [
        f"Prediction sets, meant to hold {share(sets.target if sets else None, 0)}, "
        f"held {share(each.value)} of {number(each.n)} outcomes."
        for each in pooled
        if each.group == EVERYBODY
    ]
    return told


def _sights(seen: Canary | None) -> tuple[Any, ...]:
    return seen.sights if seen is not None else ()


def _careless(seen: Canary) -> Chart:
    return Chart(
        heading="Accuracy that careless tests of the same model would claim",
        categories=tuple(sight.meaning.split(":")[0] for sight in seen.sights),
        series=(
            Series(
                "Accuracy",
                tuple(sight.accuracy for sight in seen.sights),
                tuple(STRONG if s.is_honest else FILL for s in seen.sights),
            ),
        ),
        number="0%",
    )


PART = Slide(110, "Limits", limits)
