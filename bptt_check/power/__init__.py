"""How much the harness finds, measured, and how often it raises a false alarm.

Power: which single-edit mutants of a subject are caught, on which case, by which oracle alone, and
what other libraries' checks say of the same ones. False alarms: right implementations, which must
all be passed. `study` measures, `tables` counts, `terminal` and `page` show, `store` keeps.
"""
