"""The slides of the deck; no page without its notes."""

from segpredict.report.deck._slide import Slide
from segpredict.report.deck.slides import action, forecast, question, segments

# In the order of the deck.
SLIDES = (
    Slide("The question", question.question),
    Slide("The data, and what cleaning left out", question.cleaning),
    Slide("The segments", segments.segments),
    Slide("How they were chosen", segments.choice),
    Slide("Where customers move", segments.moves),
    Slide("Can we predict it?", forecast.forecast),
    Slide("What drives it", forecast.drivers),
    Slide("Who to act on", action.action),
    Slide("What to have in stock", forecast.stock),
    Slide("The experiment", action.experiment),
    Slide("Limits", question.limits),
    Slide("Next steps", action.steps),
)
