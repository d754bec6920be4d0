"""宣贯: for some measures and a region, whom to invite to a briefing, and why."""
