"""What moves the forecast: in words that marketers know, then column by column."""

from segpredict.report._format import number, share
from segpredict.report.deck._look import FILL, STRONG
from segpredict.report.deck._slide import (
    Chart,
    Page,
    Placed,
    Series,
    Slide,
    Story,
    Table,
    clip,
)
from segpredict.report.sections.importance import Importance
from segpredict.report.sections.topics import Topic, Topics

MOST = 8


def drivers(story: Story) -> Page | None:
    """Return the slide of the reasons; none where none were worked out."""
    told, columns = story.of(Topics), story.of(Importance)
    if told is None or not told.headlines:
        return None
    used = columns.in_use if columns else ""
    heads = told.headlines[:MOST]
    first = f"{heads[0].name} moves the forecast most: {share(heads[0].share, 0)}"
    rest = [f"{head.name} {share(head.share, 0)}" for head in heads[1:3]]
    return Page(
        title=f"{first} of all contributions" + "".join(f", {name}" for name in rest),
        lead=told.caution,
        things=(
            Placed(
                Chart(
                    heading="Share of all contributions, by kind",
                    categories=tuple(head.name for head in heads),
                    series=(
                        Series(
                            "Share",
                            tuple(head.share for head in heads),
                            tuple(FILL if i else STRONG for i in range(len(heads))),
                        ),
                    ),
                    number="0%",
                ),
                width=5,
            ),
            Placed(_table(told), left=5, width=7),
        ),
        notes=(
            f"Mean size of exact SHAP values of {number(told.explained)} customers, "
            "over all future segments, in log-odds (explanation/). Columns that say "
            "the same are taken together.",
            _checked(told),
            f"The reasons are those of the trees; in use is {used}." if used else "",
            *told.notes,
            told.note,
        ),
    )


def _table(told: Topics) -> Table:
    rows = told.rows[:MOST]
    is_checked = told.refits > 0
    last = ("Loss if shuffled",) if is_checked else ()
    return Table(
        heading="The strongest groups of columns",
        columns=("What it is", "Share", *last),
        rows=tuple(
            (
                clip((row.meaning or row.name).rstrip("."), 76),
                share(row.share),
                *(_loss(row) if is_checked else ()),
            )
            for row in rows
        ),
        widths=(5.0, 0.8, 1.4) if is_checked else (5.0, 0.8),
    )


def _loss(row: Topic) -> tuple[str, ...]:
    sure = " (not sure)" if row.is_important is False else ""
    return (f"{number(row.loss, 3)}{sure}",)


def _checked(told: Topics) -> str:
    if not told.refits:
        return (
            "This was not cross-checked: segpredict explain fits the model again and "
            "again, shuffles columns and says how sure the ranks are."
        )
    agreed = told.agreement or {}
    measured = "; ".join(f"{name}: {value:.2f}" for name, value in agreed.items())
    return f"Cross-checked with {told.refits} models fitted anew. {measured}."


PART = Slide(70, "What drives it", drivers)
