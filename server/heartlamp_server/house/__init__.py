"""A household's own page: the code on its label, phones paired by a press on its lamp, faults that anybody reports."""
