"""From a case, an answer and the oracles' results to one report; calls nobody."""
