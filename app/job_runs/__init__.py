"""The log of the timetable: which job ran when, how long, and what came of it. The jobs themselves are in `app/jobs`."""
