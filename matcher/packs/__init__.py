"""A ready application: form, checklist, amounts and timetable in one file."""
