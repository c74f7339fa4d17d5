"""What to do next, and what this run has not done yet."""

from segpredict.report._format import day
from segpredict.report.deck._slide import Page, Placed, Points, Slide, Story
from segpredict.report.sections.choice import Choice
from segpredict.report.sections.demand import Demand
from segpredict.report.sections.headline import Headline
from segpredict.report.sections.topics import Topics
from segpredict.report.sections.verdict import Verdict
from segpredict.report.sections.worth import Worth


def steps(story: Story) -> Page:
    """Return the last slide."""
    window = story.bundle.window
    due = day(window.outcome_end)
    head = story.of(Headline)
    can_act = head is not None and bool(head.moves)
    return Page(
        title=f"Act with a random hold-out now; judge this forecast on {due}"
        if can_act
        else "The segments are made; the forecast comes next",
        lead=f"The forecast is for the {window.horizon} days before that day."
        if can_act
        else "",
        things=(
            Placed(
                Points(
                    heading="Next",
                    sentences=_numbered(_next(due))
                    if can_act
                    else ("Train, test and score: segpredict train-classifier.",),
                    size=16,
                ),
                width=7,
            ),
            Placed(
                Points(heading="Not in this run", sentences=_missing(story)),
                left=7,
                width=5,
            ),
        ),
        notes=(
            f"The forecast is for the {window.horizon} days up to {due}; from that day "
            "on every probability can be compared with what came.",
            "Everything on these slides stands in the run folder, with its hashes in "
            "manifest.json; the page (report.html) has the whole of it.",
        ),
    )


def _next(due: str) -> tuple[str, ...]:
    return (
        "Agree on one list to act on, and on the outcome that decides.",
        "Draw who is left alone, then act.",
        "Score again when new orders are in (segpredict score); the segments stay "
        "the same, so moves can be followed.",
        f"On {due} compare what was foretold with what came, and what acting changed.",
        "Fit the segments anew only when they no longer fit (segpredict cluster "
        "--refit): ids are kept.",
    )


def _numbered(sentences: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{i}. {text}" for i, text in enumerate(sentences, start=1))


def _missing(story: Story) -> tuple[str, ...]:
    """Return the parts that this run does not have, each with what makes it."""
    topics = story.of(Topics)
    tested = story.of(Verdict)
    found = [
        (
            "A test on later days: segpredict train-classifier.",
            tested is None or tested.pooled is None,
        ),
        (
            "Other ways to segment: segpredict cluster --compare.",
            story.of(Choice) is None,
        ),
        ("Reasons: segpredict explain.", topics is None),
        (
            "How sure the reasons are: segpredict explain.",
            topics is not None and not topics.refits,
        ),
        (
            "What customers are worth: segpredict train-classifier.",
            story.of(Worth) is None,
        ),
        ("Demand of products in the next window.", story.of(Demand) is None),
    ]
    return tuple(text for text, is_missing in found if is_missing)


PART = Slide(120, "Next steps", steps)
