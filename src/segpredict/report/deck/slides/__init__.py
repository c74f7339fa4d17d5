"""The slides of the deck; no page without its notes."""

from segpredict.report.deck._slide import Slide
from segpredict.report.deck.slides import action, forecast, question, segments

# In the order of the deck.
SLIDES = (
    Slide("The question", question.question_slide),
    Slide("The data, and what cleaning left out", question.cleaning_slide),
    Slide("The segments", segments.segments_slide),
    Slide("How they were chosen", segments.choice),
    Slide("Where customers move", segments.transitions_slide),
    Slide("Can we predict it?", forecast.evaluation_slide),
    Slide("What drives it", forecast.drivers_slide),
    Slide("Who to act on", action.value_at_risk_slide),
    Slide("What to have in stock", forecast.demand_slide),
    Slide("The experiment", action.experiment_slide),
    Slide("Limits", question.limits_slide),
    Slide("Next steps", action.next_steps_slide),
)
