"""The measured power and the measured silence of the harness.

Power: which single-edit mutants of a subject are caught, on which case, by which oracle alone, and
what other libraries' checks say of the same ones. Silence: that right implementations are never
alarmed at. `study` measures, `tables` prints, `page` draws, `store` keeps.
"""
