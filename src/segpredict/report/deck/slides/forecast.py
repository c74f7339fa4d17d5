"""Can it be predicted: the model against every baseline, with intervals."""

from segpredict.report._format import number, share
from segpredict.report.deck._look import BAD, FILL, GONE, STRONG
from segpredict.report.deck._slide import (
    Chart,
    Page,
    Placed,
    Points,
    Series,
    Slide,
    Story,
    Table,
    clip,
)
from segpredict.report.sections._trust import Trust
from segpredict.report.sections.headline import Headline
from segpredict.report.sections.verdict import Difference, Duel, Verdict

MOST = 14
MEASURE = "log_loss"


def forecast(story: Story) -> Page | None:
    """Return the slide of the contest; none where nothing was tested."""
    told, head = story.of(Verdict), story.of(Headline)
    if told is None or told.pooled is None or head is None or head.trust is None:
        return None
    duels = [duel for duel in told.pooled.duels if duel.metric.name == MEASURE]
    trust = head.trust
    things = [
        Placed(_scores(trust), left=6, width=6, height=6),
        Placed(_words(trust), left=6, width=6, top=6, height=6),
    ]
    if duels:
        things.insert(0, Placed(_chart(duels[0]), width=6))
    tests = ", ".join(trial.cutoff for trial in told.origins)
    return Page(
        title=duels[0].title.rstrip(".") if duels else f"{trust.shipped} is in use",
        lead=f"{number(trust.tested)} forecasts of {number(told.pooled.customers)} "
        f"customers, in {trust.windows} windows that the model had not seen.",
        things=tuple(things),
        notes=(
            f"Tests began on {tests or 'no day'}. Each has a model of its own, that "
            "knew only what was known by its day (classifier/verdict.json).",
            *(f"{metric.label}: {metric.meaning}" for metric in told.metrics[:3]),
            "Bars are the model's log-loss less the baseline's: left of zero the model "
            "is better. Whiskers are 95 % intervals over customers. Dark: it may be "
            "claimed, since the interval excludes zero and every window agrees; pale: "
            "better, but not in every window or not surely; orange: worse.",
            "Skill is one less the log-loss over that of the reference, Markov.",
        ),
    )


def _chart(duel: Duel) -> Chart:
    rows = duel.rows[:MOST]
    return Chart(
        heading="Log-loss: model less baseline (left of zero: the model is better)",
        categories=tuple(row.label for row in rows),
        series=(
            Series(
                "Model less baseline",
                tuple(row.value for row in rows),
                tuple(_colour(row) for row in rows),
                tuple(row.low for row in rows),
                tuple(row.high for row in rows),
            ),
        ),
        number="0.000",
    )


def _colour(row: Difference) -> str:
    if row.outcome == "worse":
        return BAD
    if row.outcome == "better":
        return STRONG if row.beats else FILL
    return GONE


def _scores(trust: Trust) -> Table:
    return Table(
        heading="Never one accuracy alone",
        columns=("Forecast", "Accuracy", "Log-loss", "Skill"),
        rows=tuple(
            (
                clip(score.label, 32),
                share(score.accuracy),
                number(score.log_loss, 3),
                share(score.skill) if score.skill is not None else "reference",
            )
            for score in trust.scores
        ),
        widths=(2.7, 1.05, 1.05, 1.15),
        strong=tuple(i for i, s in enumerate(trust.scores) if s.is_shipped),
    )


def _words(trust: Trust) -> Points:
    fall = (
        ("The model was no better, so a baseline is in use.",)
        if trust.is_fallback
        else ()
    )
    return Points(
        heading="What is in use, and why",
        sentences=(*fall, clip(trust.why, 300)),
    )


PART = Slide(60, "Can we predict it?", forecast)
