"""Small implementations with the mistakes that people make: what finding the wrong line is
measured on.

    right/       five implementations in five styles, none of which knows bptt_check, and beside
                 each the few lines that make it a subject, which no fault touches
    faults/      the faults of each, as edits of its text
    fault.py     what a kind, a fault and a broken implementation are
    catalogue.py all of them, and pairs of faults
    written.py   a broken implementation as files, and as a subject
    diagnosed.py what the message of a failing check says of each
    baseline.py  how well that named each fault before there was a search for the line

They lie here and not in the tests since a benchmark must find them without the tests on its path.
"""
