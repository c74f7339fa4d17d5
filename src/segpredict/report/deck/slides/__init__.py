"""The slides of the deck; no page without its notes."""

from segpredict.report.deck.slide import Slide
from segpredict.report.deck.slides import evaluation, question, segments, value_at_risk

# In the order of the deck.
SLIDES = (
    Slide("The question", question.question_slide),
    Slide("The segments", segments.segments_slide),
    Slide("How they were selected", segments.segment_selection_slide),
    Slide("Transitions between segments", segments.transitions_slide),
    Slide("Forecast quality", evaluation.evaluation_slide),
    Slide("Drivers of the forecast", evaluation.drivers_slide),
    Slide("Revenue at risk", value_at_risk.value_at_risk_slide),
    Slide("Expected demand", evaluation.demand_slide),
    Slide("The test", value_at_risk.experiment_slide),
    Slide("Limits", question.limits_slide),
    Slide("Next steps", value_at_risk.next_steps_slide),
    Slide("The data, and what cleaning excluded", question.cleaning_slide),
)
