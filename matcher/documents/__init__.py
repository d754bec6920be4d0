"""Documents made of a match: a report to print or to open in Word, and a calendar of deadlines."""
