"""The slides of the deck; no page without its notes."""

from segpredict.report.deck.slide import Slide
from segpredict.report.deck.slides import evaluation, question, segments, value_at_risk

# In the order of the deck.
SLIDES = (
    Slide("The question", question.question_slide),
    Slide("The data, and what cleaning left out", question.cleaning_slide),
    Slide("The segments", segments.segments_slide),
    Slide("How they were chosen", segments.choice),
    Slide("Where customers move", segments.transitions_slide),
    Slide("Can we predict it?", evaluation.evaluation_slide),
    Slide("What drives it", evaluation.drivers_slide),
    Slide("Who to act on", value_at_risk.value_at_risk_slide),
    Slide("What to have in stock", evaluation.demand_slide),
    Slide("The experiment", value_at_risk.experiment_slide),
    Slide("Limits", question.limits_slide),
    Slide("Next steps", value_at_risk.next_steps_slide),
)
